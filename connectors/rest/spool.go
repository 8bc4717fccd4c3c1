package rest

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"iter"
	"os"

	"github.com/casebridge/casebridge/engine"
)

// spoolBuffer is what reading and writing a spool holds in memory, beside one record.
const spoolBuffer = 64 << 10

// Spooled is an answer on disk, encrypted under a key that exists only in this
// process. It can be read more than once, by one reader at a time.
type Spooled struct {
	file  *os.File
	size  int64
	block cipher.Block
	gone  bool // the name was already taken from the directory
	first byte // the first byte that is not white space
}

// Spool writes body, at most limit bytes (0: any size), to an encrypted file under dir ("" means the
// system's). An error is an *engine.Fault, or the error of reading body. What does not begin like an
// object or an array is given up as soon as that shows.
func Spool(body io.Reader, dir string, limit int64) (*Spooled, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, environment("spool answer", "", err)
	}
	file, err := os.CreateTemp(dir, "spool-*")
	if err != nil {
		return nil, diskFault()
	}
	s := &Spooled{file: file, block: block, gone: os.Remove(file.Name()) == nil}
	if err := s.fillFrom(body, limit); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Close removes the file; what it held cannot be read again.
func (s *Spooled) Close() error {
	name := s.file.Name()
	err := s.file.Close()
	if !s.gone {
		err = errors.Join(err, os.Remove(name))
		s.gone = true
	}
	if err != nil {
		return diskFault()
	}
	return nil
}

// Size is the length of the answer in bytes.
func (s *Spooled) Size() int64 { return s.size }

// Elements yields the elements of the array that stands under this name in the answer's object
// ("" means that the answer itself is the array), one by one, each at most maxRecord bytes of valid
// JSON that the caller may keep. An element that is larger or too deep comes as an error that is
// Spoilt, with the beginning of its bytes, and the next follows. Any other error ends it and is an
// *engine.Fault: the answer was then not read whole. Memory does not grow with the answer.
func (s *Spooled) Elements(array string, maxRecord int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		sc := &scanner{in: bufio.NewReaderSize(s.plain(), spoolBuffer), max: maxRecord}
		if err := sc.elements(array, yield); err != nil {
			yield(nil, err)
		}
	}
}

// fillFrom copies body into the file.
func (s *Spooled) fillFrom(body io.Reader, limit int64) error {
	out := bufio.NewWriterSize(s.file, spoolBuffer)
	w := &cipher.StreamWriter{S: s.stream(), W: out}
	if limit > 0 {
		body = io.LimitReader(body, limit+1)
	}
	buf := make([]byte, spoolBuffer)
	for {
		n, readErr := body.Read(buf)
		s.note(buf[:n])
		if _, err := w.Write(buf[:n]); err != nil {
			return diskFault()
		}
		if s.size += int64(n); limit > 0 && s.size > limit {
			return errTooLarge
		}
		if !s.mayBeJSON() {
			return broken(errNotJSON) // a page, or the zeros of a bomb: not worth the disk
		}
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			return readErr
		}
	}
	if out.Flush() != nil {
		return diskFault()
	}
	return nil
}

// note remembers the first byte that means something, before the cipher takes it.
func (s *Spooled) note(b []byte) {
	for i := 0; i < len(b) && s.first == 0; i++ {
		if !isSpace(b[i]) {
			s.first = b[i]
		}
	}
}

// mayBeJSON says whether what came so far can still be an object or an array.
func (s *Spooled) mayBeJSON() bool {
	return s.looksJSON() || s.first == 0 && s.size < spoolBuffer
}

func (s *Spooled) looksJSON() bool { return s.first == '{' || s.first == '[' }

// stream starts at the beginning. Each file has a key of its own, so the counter may start at 0.
func (s *Spooled) stream() cipher.Stream {
	return cipher.NewCTR(s.block, make([]byte, aes.BlockSize))
}

func (s *Spooled) plain() io.Reader {
	return cipher.StreamReader{S: s.stream(), R: io.NewSectionReader(s.file, 0, s.size)}
}

func diskFault() *engine.Fault {
	return &engine.Fault{Kind: engine.Environment, Op: "spool answer", Err: errors.New("the temporary folder cannot be used"),
		Next: "Check that it exists, may be written and has room."}
}
