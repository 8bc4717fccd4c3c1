// Package sim is a simulator of OSCaR's interop API: one server, a tenant per
// NGO, and the NGOs' people as methods. Tests, demonstrations and training run
// against it.
//
// It behaves as OSCaR does, not as a client would like: a repeated upsert makes
// a second referral, accepting a child is silent, an empty batch is a 500. Every
// such behaviour cites the fact sheet and has a test named after it. Where OSCaR
// has two behaviours, Switches chooses; the zero Switches is what deployed OSCaR
// does today, except that valid referrals can be saved.
//
// It does not keep anything on disk, does not read the clock (Options.Now does)
// and knows nothing of the connector that talks to it.
//
// Section numbers in comments (§6.4) are of the fact sheet on OSCaR's API that is kept
// with the integration's requirements. It was read from oscar-web's source: §2 signing
// in (base_api_controller.rb, devise_token_auth); §4 and §5 what is sent and §6 what is
// listed (app/controllers/api/v1/organizations_controller.rb,
// app/models/referral.rb, app/serializers); §7 enumerations; §8 services; §9 places.
package sim
