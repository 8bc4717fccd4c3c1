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
//   - Run records an intent for every write of the wave (one transaction), writes,
//     and settles the outcomes (one transaction).
//
// The cursor moves at the end, only for an ordinary window that was read whole
// and of which every record was delivered, quarantined or parked. It stays while a
// decision rests on recall that was never filled: nothing else would bring its record back.
//
// The package knows nothing of specs' files, of HTTP, or of how people look at results.
package reconcile
