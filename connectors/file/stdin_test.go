package file_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/file"
	"github.com/casebridge/casebridge/engine"
)

// falters gives what it has, then says that somebody waits and never gives anything again.
type falters struct {
	has   *strings.Reader
	waits chan struct{}
}

func (f *falters) Read(p []byte) (int, error) {
	if n, err := f.has.Read(p); err != io.EOF {
		return n, err
	}
	close(f.waits)
	select {}
}

// Who writes to standard input may be slow, or never end. A reading that is told to stop does not wait for it.
func TestStandardInputThatSaysNothingMore(t *testing.T) {
	for name, text := range map[string]string{"lines": `{"id":"a"}` + "\n", "an array": `[{"id":"a"},`, "an open array": `[{"id":"a"}`, "half a record": `{"id":"a"}{"id":`, "nothing": ""} {
		in := &falters{strings.NewReader(text), make(chan struct{})}
		conn, err := file.Driver{}.Open(engine.Opening{Connection: "east", Settings: engine.NewSettings(map[string]string{"read": "-"}), Stdin: in})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			var last error
			for _, err := range conn.Reader().Read(ctx, engine.Query{Object: "record"}) {
				last = err
			}
			ended <- last
		}()
		<-in.waits
		stop()
		select {
		case err := <-ended:
			if engine.KindOf(err) != engine.Cancelled {
				t.Errorf("%s: it ended with %v", name, err)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s: it still waits", name)
		}
	}
}
