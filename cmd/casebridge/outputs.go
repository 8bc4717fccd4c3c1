package main

import (
	"io"
	"sync"
)

// outputs are the two ways on which the program speaks. They may lead to one screen or file, and several
// connections and the run itself write logs while the run prints: what one says is out before another speaks.
func outputs(stdout, stderr io.Writer) (out, errs io.Writer) {
	var mu sync.Mutex
	return &output{&mu, stdout}, &output{&mu, stderr}
}

type output struct {
	speaking *sync.Mutex
	to       io.Writer
}

func (o *output) Write(p []byte) (int, error) {
	o.speaking.Lock()
	defer o.speaking.Unlock()
	return o.to.Write(p)
}
