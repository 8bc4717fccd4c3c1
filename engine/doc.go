// Package engine is the vocabulary of casebridge: the nouns that every other
// package speaks in, and nothing that acts. It imports the standard library only.
//
// # What casebridge is
//
// Three programs in one coat. A compiler (packages spec, mapping, spectest)
// turns YAML into flows or into findings with a place. A reconciler (mapping,
// reconcile) decides what a target should be, compares it with what it is, and
// shows or applies the difference. A durable runner (reconcile, store) makes
// sure that nothing is lost and that what cannot be sent twice is not.
//
// # Nouns
//
//	Record     one record as a system gave it; its Body never prints
//	Object     the facts of one kind of record: how it is found, whether writing it twice is harmless
//	Driver     one kind of system; opens a Connection, which has a Reader and a Writer
//	Change     one write that was decided, or the decision not to write, with its Reason
//	Outcome    what became of a Change: done, refused, unknown, unsent
//	Sighting   proof, in what a system lists, that something sent has arrived
//	Diag       a finding for authors of specs: file, line, column, excerpt, suggestion
//	Fault      an error for operators: kind, operation, what it was about, what to do next
//
// # The story of one record
//
//  1. cmd reads flags, environment and settings. spec.Load checks the YAML and keeps
//     every value's place; mapping.Compile turns it into flows. Any error ends here,
//     with all findings printed: run refuses what validate refuses.
//  2. cmd opens the connections and the store. reconcile takes the flow's lease,
//     works out the window from the cursor, and reads the source record by record.
//  3. Flow.Decide walks the gate and the routes for one record. It is a pure
//     function: what it still wants to know (a record of the target, what was
//     recalled, what was sent) it asks for; reconcile fetches all wants of a group
//     of records at once and asks again.
//  4. The decision is a list of Changes. A plan prints them and stops here.
//  5. A run gives each record to a worker, which records an intent for each of its
//     writes, hands them to the Writers, and settles the outcomes: ledger, quarantine.
//     Workers share transactions; the next records are decided meanwhile. A refused
//     record goes to quarantine; the run goes on.
//  6. When everything was read and every record has a durable outcome, the cursor
//     moves. Otherwise it stays, and the next run reads the window again: unchanged
//     records cost no write.
//
// After a crash, an intent without an outcome is decided again where repeating is
// harmless; otherwise it is parked, closed by a Sighting or by a person. Reading can
// prove that something arrived, never that it did not.
//
// # Who imports whom
//
// engine imports nothing of ours; spec and store import engine; mapping imports
// spec; spectest imports mapping; reconcile imports mapping and store; inspect
// imports these four; drivers import engine and rest; only cmd knows both sides.
// The test in this directory fails on anything else.
package engine
