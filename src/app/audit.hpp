// The audit log: who did what to keys, tokens and caches, and when. Never a secret: a target is a name, an id or a hash, a detail a number
// or a setting.
//
// A route that changes something through the database adds its note to that very call: add_audit(arguments, exchange, {"tokens.create",
// name}), and the function's SQL says `perform edgepool.note_action(p, provider.name, <rows touched>, <target or null>)`: the deed and the
// note are one transaction. What no database call does (an export, a cleared cache) is told by note_audit(): one call more.
// Notes of one request with the same action are one entry, whose counts add up.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

struct AuditNote {
    std::string_view action;      // "keys.import": static, a noun and a verb
    std::string target = {};      // empty: the database's function says, or nobody
    std::string detail = {};
};

void add_audit(json::Writer& arguments, const Exchange& exchange, const AuditNote& note);

Task<Result<std::monostate>> note_audit(Exchange& exchange, const ProviderState& state, AuditNote note, std::int64_t affected);

// GET /admin/audit?page&pageSize: newest first.
Task<AdminAnswer> list_audit(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
