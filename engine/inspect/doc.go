// Package inspect answers people's questions about a project: what would a change of
// the specs do (Compare), why does a record come to what it comes to (Explain),
// what does a finding mean (Pages), and are the systems still as the specs say (Live).
//
// It decides with the same [mapping.Flow.Decide] as plan and run and shows what it
// decided beside the rules that did. It writes nowhere, keeps nothing of a person, and
// prints nothing: values stand in its answers with their class, for others to mask.
package inspect
