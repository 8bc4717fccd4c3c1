// Package spectest runs the test cases that authors of specs write: records
// in, verdicts out, through the same Decide as plan and run. It reads no
// system, no store and no clock; a case holds all that a decision asks for.
// Values are shown when a case fails, because tests hold invented data only.
package spectest
