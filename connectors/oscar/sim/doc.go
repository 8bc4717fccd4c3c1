// Package sim is a simulator of OSCaR's interop API: one server, a tenant per
// NGO, and the NGOs' people as methods. Tests, demonstrations and training run
// against it.
//
// It behaves as OSCaR does, not as a client would like: a repeated upsert makes
// a second referral, accepting a child is silent, an empty batch is a 500. Every
// such behaviour cites the facts sheet (oscar-api.md) and has a test named after
// it. Where OSCaR has two behaviours, Switches chooses; the zero Switches is
// what deployed OSCaR does today, except that valid referrals can be saved.
//
// It does not keep anything on disk, does not read the clock (Options.Now does)
// and knows nothing of the connector that talks to it.
package sim
