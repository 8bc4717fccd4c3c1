package file

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// fullDisk is a real file on a disk that takes no more than room bytes of each write.
type fullDisk struct {
	*os.File
	room  int
	stuck bool   // it cannot be cut either
	other string // what another process adds behind the write
}

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) <= d.room {
		return d.File.Write(p)
	}
	n, err := d.File.Write(p[:d.room])
	_, otherErr := d.WriteString(d.other)
	return n, errors.Join(err, otherErr, syscall.ENOSPC)
}

func (d *fullDisk) Truncate(size int64) error {
	if d.stuck {
		return syscall.EIO
	}
	return d.File.Truncate(size)
}

func TestCutWriteLeavesNoHalfLine(t *testing.T) {
	const old, lines = "{\"id\":1}\n", "{\"id\":2}\n{\"id\":3}\n"
	for name, tc := range map[string]struct {
		disk  fullDisk
		state engine.State
		want  string
	}{
		"nothing was written":   {fullDisk{room: 0}, engine.Unsent, old},
		"within a line":         {fullDisk{room: 5}, engine.Unsent, old},
		"between two lines":     {fullDisk{room: 9}, engine.Unsent, old},
		"it cannot be cut":      {fullDisk{room: 9, stuck: true}, engine.Unknown, old + lines[:9]},
		"another process added": {fullDisk{room: 9, other: old}, engine.Unknown, old + lines[:9] + old},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "people.ndjson")
			if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			tc.disk.File = f
			state, err := appendTo(&tc.disk, []byte(lines))
			if state != tc.state || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%s, %v", state, err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != tc.want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
