// Package store keeps what must survive a power cut: runs, intents, outcomes,
// the ledger of sends, recall, cursors, quarantine and the audit trail, in one
// SQLite file. It knows records, changes and outcomes; it knows no specs, reads
// no system and decides nothing about a record.
//
// # A send
//
// A change with a Once key is sent at most once. Its state:
//
//	from       what happens                                to         who moves it
//	never      Intend                                      intended   the run, before anything leaves
//	never      Adopt                                       sent       a person: sent before this store kept a ledger
//	never      Settle: done, of a forgotten intent         sent       the slow run: it arrived all the same
//	never      Settle: unknown, of an intent never made    parked     the run
//	intended   Settle: done                                sent       the run; awaiting if it must still be seen
//	intended   Settle: refused, unsent                     never      the run: the target cannot have it
//	intended   Settle: unknown, repeatable                 never      the run: repeating is harmless
//	intended   Settle: unknown                             parked     the run: it may have arrived
//	intended   the run died, repeatable                    never      the next Begin of the flow
//	intended   the run died                                parked     the next Begin of the flow
//	parked     Settle: done (the dead run was only slow)   sent       the slow run; awaiting if it must still be seen
//	parked     Settle: refused, unsent (likewise)          never      the slow run
//	parked     a Sighting                                  shown      the source shows that it arrived
//	parked     Resolve: it arrived                         closed     a person
//	parked     Resolve: it did not                         never      a person: it may be sent again
//	sent       a Sighting                                  shown      the source
//	awaiting   a Sighting                                  shown      the source
//	closed     a Sighting                                  shown      the source confirms the person
//	shown      anything                                    shown      nobody: it arrived
//
// Sent, awaiting and closed stay what they are when an outcome comes again or
// late. Only never may be intended: Intend refuses every other state. To a
// decision an intended send reads as parked (it may arrive) and a closed one as sent.
//
// # A record change
//
//	from       what happens           to         who moves it
//	-          Intend                 intended   the run, before anything leaves
//	intended   Settle                 done, refused, unknown or unsent, as the Writer says
//	intended   the run died           unknown    the next Begin of the flow, or End of a run that left it open
//	unknown    Settle (late answer)   done, refused or unsent
//
// Nothing waits for an unknown change: the record is decided again, from the
// target as it then is. Only sends remember, because their target cannot be read.
//
// # What a crash leaves
//
// Every exported call is one transaction, on disk (synchronous=FULL) before it returns.
//
//	died before Intend returned              nothing: the cursor stands, the record is read again
//	died between Intend and Settle           intents without outcome: see "the run died" above
//	died between Settle and End              outcomes stand, the cursor does not: read again, decided
//	                                         against ledger and target, so nothing is sent twice
//	died holding the lease                   the next Begin waits for it to expire, then takes over
//
// # A quarantine entry
//
// One row per (flow, record, route, item). Held opens it or counts once more,
// Cleared closes it, Held again opens the same row again.
//
// # Privacy
//
// Bodies, documents and field values are never stored. Codes (record and item
// ids, known pairs, kept recall fields) stand in the clear; recall's personal
// fields only sealed under a key that comes from outside, or not at all. Of a
// field that people may change on both sides a digest under that key is kept, or nothing.
package store
