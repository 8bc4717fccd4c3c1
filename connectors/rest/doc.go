// Package rest is what every HTTP system needs: a client that limits its
// connections and its rate, repeats what is harmless to repeat, turns every
// failure into an *engine.Fault and says whether the request may have reached
// the system; a transport that refuses writes; and a spool for answers of any
// size. It knows no system: paths, credentials, paging and the meaning of an
// answer are the drivers' business.
//
// It never puts a body, a query value or a text of the other side into a log or
// an error, keeps no cookies and follows no redirects.
//
// The repeating is a small loop of its own and not go-retryablehttp: whether an
// answer may be asked for again is known only after its body was read (HTML where
// JSON was due, an empty 200, a cut-off body), and a write may be asked for again
// only when it did not leave. That library decides on the header and repeats
// every method alike.
package rest
