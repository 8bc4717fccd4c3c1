// Package store keeps what must survive a power cut: runs, intents, outcomes,
// the ledger of sends, recall, cursors, quarantine and the audit trail, in one
// SQLite file. It knows records, changes and outcomes; it knows no specs, reads
// no system and decides nothing about a record.
//
// # The words, for a stranger
//
// A change is one write to another system. These are all the words for what can
// have become of it; those about waiting are only used of sends, which must not be
// repeated because the other system would take the second one for a new one.
//
//	intended   written down here, about to leave: from now on nobody else may begin it
//	done       the other system took it and said so
//	refused    the other system said no; the reason stands in quarantine
//	unsent     it certainly never left, so it may be tried again at any time
//	unknown    it left, and no answer came: it may have arrived or not
//
//	sent       of a send: done, or counted as done when older jobs were taken over
//	awaiting   of a send: done, but the system has swallowed such sends before, so it must still be seen there
//	parked     of a send: unknown. Never sent again by itself; it waits to be seen or for a person
//	shown      of a send: the other system lists it. Nothing can change that any more
//	closed     of a send: a person said that it arrived, or that nobody needs it. It counts as sent
//	lost       of a send that may be repeated: unknown. It goes again when it is still wanted; what else is decided about
//	           its record knows that it may have arrived
//	never      of a send: there is no row. It may be sent
//
// # A send
//
// A change with a Once key is sent at most once. Its state:
//
//	from       what happens                                to         who moves it
//	never      Intend                                      intended   the run, before anything leaves
//	never      Adopt                                       sent       a person: sent before this store kept a ledger
//	never      Adopt with a backup                         parked     a person: it may have been sent since that was made
//	never      Settle: unknown, of an intent never made    parked     the run
//	never      the same, repeatable                        lost       the run
//	intended   Settle: done                                sent       the run
//	intended   Settle: done, if it must still be seen      awaiting   the run
//	intended   Settle: refused, unsent                     never      the run: the target cannot have it
//	intended   Settle: refused, unsent, after it was lost  lost       the run: that attempt may have arrived
//	intended   Settle: unknown, repeatable                 lost       the run: repeating is harmless
//	intended   Settle: unknown                             parked     the run: it may have arrived
//	intended   the run died, repeatable                    lost       the next Begin of the flow, or its own End
//	intended   the run died                                parked     the next Begin of the flow, or its own End
//	parked     Settle: done (the dead run was only slow)   sent       the slow run
//	parked     the same, if it must still be seen          awaiting   the slow run
//	parked     Settle: refused, unsent (likewise)          never      the slow run; unsent it is brought back
//	parked     a Sighting                                  shown      the source shows that it arrived
//	parked     Resolve: it arrived                         closed     a person (`parked close`)
//	parked     Resolve: it did not                         never      a person (`parked resend`): it is brought back
//	lost       Intend                                      intended   the run: it is still wanted, and goes again
//	lost       Adopt                                       sent       a person
//	lost       Adopt with a backup                         parked     a person
//	lost       Settle: done (the dead run was only slow)   sent       the slow run: it arrived all the same
//	lost       the same, if it must still be seen          awaiting   the slow run
//	lost       Settle: refused, unsent (likewise)          never      the slow run, unless an attempt before was lost too
//	lost       a Sighting                                  shown      the source shows that it arrived
//	sent       a Sighting                                  shown      the source
//	awaiting   a Sighting                                  shown      the source
//	closed     a Sighting                                  shown      the source confirms the person
//
// Everything else leaves a send what it is. Sent, awaiting and closed stay when an
// outcome comes again or late, and shown stays whatever comes. Moving a cursor,
// restamping, pruning and counting how often a send was looked for change no state.
// What is brought back has an entry in quarantine until it went, because cursors have passed its record.
// Only never and lost may be intended: Intend refuses every other state. To a decision an
// intended send reads as parked (it may arrive) and a closed one as sent.
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
// # A cursor
//
//	by              where to                                    if
//	End             forward, to what was delivered              an ordinary run ended done or partial and left nothing open
//	Adopt           stays; older sends count as done            nobody runs the flow
//	SetCursor       anywhere, by a person's word                nobody runs the flow
//
// Every move is a line of the audit trail. The trail is only ever added to:
// triggers abort whoever changes or deletes a line, whatever program it is. A
// line is written in the transaction of what it tells of, or, by Note, before it.
//
// # What is let go
//
// Prune deletes runs, and the intents of runs, that ended long ago, and unmapped values that nobody met for long. What the ledger,
// quarantine, links and the audit trail say, they say without them.
//
// # A quarantine entry
//
// One row per (flow, record, route, item).
//
//	from        what happens                              to          who moves it
//	-           Held                                      open        the run
//	any         a parked send may go again                open        a person, or the slow run that knows it never left
//	open        Held                                      open        the run: counted once more
//	open        Cleared, or Through of its record         closed      the run: it went through, or is not there any more
//	open        Discard                                   discarded   a person: it never goes
//	closed      Held                                      open        the run: it waits anew
//	discarded   Held: same cause, source unchanged        discarded   nobody
//	discarded   Held: another cause, or source changed    open        the run
//	discarded   Cleared by its own key                    closed      the run: it went through after all
//
// With a key the document of an open entry is kept beside it, sealed and bound to the
// entry, until PayloadFor is over or the entry is no longer open. What is deleted is
// overwritten in the file (secure_delete), and cut out of its log.
//
// # Privacy
//
// Bodies, documents and field values are never stored in the clear. Codes (record and item
// ids, known pairs, kept recall fields) stand in the clear; recall's personal
// fields only sealed under a key that comes from outside, or not at all. Of a
// field that people may change on both sides a digest under that key is kept, or nothing.
package store
