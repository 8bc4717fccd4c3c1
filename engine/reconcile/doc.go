// Package reconcile carries the records of one flow from its source to its
// targets. It holds the only loop over records; Plan and Run are that loop with
// another delivery at its end, so a plan cannot say what a run would not do.
//
// The loop reads the source record by record, gathers a group, and cuts it into
// waves in which no two records share a value of the flow's `one_at_a_time`.
// For each wave it asks [mapping.Flow.Decide] again and again, fetching in bulk
// what the decisions still want to know, until they want nothing. Then:
//
//   - Plan shows the changes. It gets readers only: a plan that writes does not compile.
//   - Run settles what needs no write and hands each record's writes to a worker,
//     which records their intents, writes, and records the outcomes. Workers share
//     transactions, and the next wave is decided meanwhile; a record that shares a
//     value of `one_at_a_time` with one under way waits for it.
//
// When the window was read, records in quarantine whose specs changed or that rested
// for a day are looked at again.
//
// The cursor moves at the end, only for an ordinary window that was read whole
// and of which every record was delivered, quarantined or parked. For a part that
// only needs another try it waits a few runs. It stays while a decision rests on
// recall that was never filled: nothing else would bring its record back.
//
// The package knows nothing of specs' files, of HTTP, or of how people look at results.
package reconcile
