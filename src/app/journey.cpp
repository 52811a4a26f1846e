#include "app/journey.hpp"

#include "app/admission.hpp"
#include "app/bench_news.hpp"
#include "app/flush.hpp"
#include "app/second_opinion.hpp"
#include "json/writer.hpp"
#include "rewrite/upstream_request.hpp"

namespace edgepool::app {
namespace {

using verdict::Blame;

// Only what the key itself did lengthens its streak of failures.
stats::AttemptEnd attempt_end(const verdict::Verdict& verdict) {
    const bool is_keys_doing = verdict.blame == Blame::key || verdict.blame == Blame::key_model || verdict.blame == Blame::account;
    return is_keys_doing ? stats::AttemptEnd::failure : stats::AttemptEnd::blameless_failure;
}

}  // namespace

void Journey::turn_to(ProviderState& next, std::string model) {
    const bool is_other = &next != state;
    state = &next;
    plan.model = std::move(model);
    if (is_other) plan.url = rewrite::upstream_url(*next.provider, *next.config, exchange.routing.match.path, exchange.request.query);
    tried.clear();
    is_fallback = true;
}

std::vector<json::Splice> Journey::splices() const {
    std::vector<json::Splice> splices;
    if (hides_usage()) splices = plan.usage_splices;
    if (plan.model != plan.facts.model) json::add_splices(splices, json::replace_model(plan.facts, plan.model));
    return splices;
}

Journey::~Journey() {
    if (open_) {
        const keys::KeyPool::Ticket ticket = *open_;
        settle(ticket, {});
        if (!plan.model.empty()) state->counts.add_attempt(ticket.id, stats::AttemptEnd::blameless_failure, {}, exchange.app.now_ms);
    }
    end_request(stats::RequestEnd::failure, {});
}

void Journey::begin_attempt(const keys::KeyPool::Ticket& ticket) {
    App& app = exchange.app;
    open_ = ticket;
    tried.push_back(ticket.id);
    ++attempts;
    RequestRecord& record = exchange.record;
    ++record.attempts;
    record.provider = state->provider->id;
    record.model = plan.model;
    record.key_id = ticket.id;
    record.delivery = plan.streams ? "stream" : "whole";
    attempt_began_ms_ = app.now_ms;
    if (plan.model.empty()) return;
    if (open_number_ == 0) open_number_ = app.next_open_request++;
    app.open_requests[open_number_] = {provider_index(*state->provider), provider_index(*home.provider), plan.token_hash, plan.model,
                                       ticket.id, false};
}

// An incident's beginning and end are told once each.
void Journey::note_incident() {
    const keys::IncidentState incident = state->pool.incident(exchange.app.now_ms);
    if (incident.active == state->in_incident) return;
    state->in_incident = incident.active;
    json::Writer line;
    line.begin_object().add_string("event", incident.active ? "incident_began" : "incident_ended").add_string("provider", state->provider->id);
    if (incident.active) line.add_string("reason", incident.reason).add_string("model", incident.model);
    exchange.app.log(incident.active, line.end_object().take());
}

void Journey::settle(const keys::KeyPool::Ticket& ticket, const keys::KeyPool::Outcome& outcome) {
    open_.reset();
    std::vector<keys::VerdictRecord> verdicts;
    std::optional<keys::Suspect> suspect = state->pool.settle(ticket, outcome, exchange.app.now_ms, verdicts);
    spread_verdicts(exchange.app, *state, std::move(verdicts));
    if (suspect) seek_second_opinion(exchange.app, *state, std::move(*suspect));
    if (state->in_incident || outcome.verdict != nullptr) note_incident();
    if (open_number_ != 0) exchange.app.open_requests[open_number_].key_id.clear();
}

void Journey::withdraw_attempt(const keys::KeyPool::Ticket& ticket) {
    settle(ticket, {});
    tried.pop_back();
    --attempts;
    --exchange.record.attempts;
    if (attempts > 0 || open_number_ == 0) return;
    exchange.app.open_requests.erase(open_number_);
    open_number_ = 0;
}

void Journey::end_attempt(const keys::KeyPool::Ticket& ticket, const usage::Usage& usage, double latency_ms) {
    keys::KeyPool::Outcome outcome;
    outcome.success = true;
    outcome.model = plan.model;
    outcome.latency_ms = latency_ms;
    if (!first_byte_ms_) first_byte_ms_ = attempt_began_ms_ + latency_ms - exchange.began_ms;
    settle(ticket, outcome);
    if (!plan.model.empty()) state->counts.add_attempt(ticket.id, stats::AttemptEnd::success, usage, exchange.app.now_ms);
}

verdict::Verdict Journey::end_attempt(const keys::KeyPool::Ticket& ticket, const verdict::Answer& answer, const usage::Usage& usage) {
    verdict::Verdict verdict = verdict::judge(*state->provider, answer, exchange.app.now_ms);
    last_transport = answer.transport;
    keys::KeyPool::Outcome outcome;
    outcome.verdict = &verdict;
    outcome.model = plan.model;
    outcome.latency_ms = attempt_ms();
    settle(ticket, outcome);
    if (!plan.model.empty()) state->counts.add_attempt(ticket.id, attempt_end(verdict), usage, exchange.app.now_ms);
    return verdict;
}

void Journey::commit(const keys::KeyPool::Ticket& ticket) {
    first_byte_ms_ = exchange.app.now_ms - exchange.began_ms;
    std::vector<keys::VerdictRecord> verdicts;
    state->pool.confirm(ticket, exchange.app.now_ms, verdicts);
    spread_verdicts(exchange.app, *state, std::move(verdicts));
    if (open_number_ != 0) exchange.app.open_requests[open_number_].is_committed = true;
}

void Journey::end_request(stats::RequestEnd end, const usage::Usage& usage) {
    if (plan.model.empty() || open_number_ == 0) return;
    RequestRecord& record = exchange.record;
    record.outcome = end == stats::RequestEnd::success ? RequestOutcome::success : RequestOutcome::failure;
    record.provider = state->provider->id;
    record.model = plan.model;
    record.usage = usage;
    record.first_byte_ms = first_byte_ms_;
    App& app = exchange.app;
    app.open_requests.erase(open_number_);
    open_number_ = 0;
    state->counts.add_request({}, plan.model, end, usage, app.now_ms, first_byte_ms_);
    home.counts.add_token_request(plan.token_hash, end, usage, app.now_ms);
    charge_limits(exchange, home, plan.token_hash, usage);
    schedule_flush(app, *state);
    if (state != &home) schedule_flush(app, home);
}

}  // namespace edgepool::app
