package spec

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Archive packs the project's files, and those of the projects that it extends, into a
// zip that Unpack opens. Tests are left out. The same files give the same bytes.
func (p *Project) Archive() ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, flate.BestCompression) })
	root := p.roomFor()
	if err := w.SetComment(root); err != nil {
		return nil, err
	}
	for _, f := range p.Files {
		if slices.ContainsFunc(p.Suites, func(s *Suite) bool { return s.File == f.Path }) {
			continue
		}
		into, err := w.CreateHeader(&zip.FileHeader{Name: path.Join(root, f.Path), Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(into, strings.Join(f.Lines, "\n")); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// roomFor is the directory of the archive in which the project stands: deep enough for every ".." that its files begin with.
func (p *Project) roomFor() string {
	deepest := 0
	for _, f := range p.Files {
		ups := 0
		for rest := f.Path; strings.HasPrefix(rest, "../"); rest = rest[3:] {
			ups++
		}
		deepest = max(deepest, ups)
	}
	return strings.Repeat("project/", deepest) + "project"
}

// Unpack opens an archive: Load reads from it a project of the Version that was packed.
func Unpack(archive []byte) (Place, error) {
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return Place{}, err
	}
	return inside(files, files.Comment)
}

func inside(files fs.FS, dir string) (Place, error) {
	sub, err := fs.Sub(files, dir)
	if err == nil {
		_, err = fs.Stat(files, dir)
	}
	return Place{Files: sub, Outside: func(other string) (Place, error) { return inside(files, path.Join(dir, other)) }}, err
}
