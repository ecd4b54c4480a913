// SPDX-License-Identifier: Apache-2.0
//
// Live buffers and leaks, one by one, from the accounts: as much as the permissions of the server's own process allow.
// Read and named on the working thread.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tidemark/account_reader.hpp"
#include "viewers/model/buffer_json.hpp"
#include "viewers/model/call_sites.hpp"
#include "viewers/model/holdings.hpp"
#include "viewers/symbols/symbols.hpp"
#include "viewers/web/api.hpp"
#include "viewers/web/api_text.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

struct ListRequest {
    std::shared_ptr<const model::Snapshot> snapshot;
    model::Which which;
    model::Filter filter;
    model::BufferOrder order;
    Page page;
    bool named;
};

bool holds_anything(const model::Process& process) {
    return std::any_of(process.usage.begin(), process.usage.end(),
                       [](const model::PoolUsage& usage) { return usage.live != 0; });
}

// Whether the account of every process that holds something is closed to us: 403 then, not an empty list.
bool forbidden(const model::Snapshot& snapshot) {
    bool any = false;
    for (const model::Process& process : snapshot.processes) {
        if (!holds_anything(process)) {
            continue;
        }
        any = true;
        const std::string path = AccountReader::path_of(snapshot.collector.instance, process.image);
        if (::access(path.c_str(), R_OK) == 0 || errno != EACCES) {
            return false;
        }
    }
    return any;
}

Response forbidden_response() {
    return error_response(403, "the server's user may not read the buffers of these programs",
                          "run `tidemark serve` as the collector's user, or as root");
}

std::string text_with_list(const Json& head, const char* key, const model::BufferList& list) {
    std::string text;
    model::write_with_list(head, key, list, -1, [&](const std::string& piece) { text += piece; });
    return text;
}

// Keeps what the page shows. The list is sorted as far as that.
void cut(model::BufferList& list, const ListRequest& request) {
    model::order(list, request.order, request.page.offset + request.page.limit);
    const auto [begin, end] = range_of(request.page, list.buffers.size());
    list.buffers.resize(end);
    list.buffers.erase(list.buffers.begin(),
                       list.buffers.begin() + static_cast<std::ptrdiff_t>(begin));
    if (request.named) {
        symbols::name_stacks(list);
    }
}

// Whether a list is whole, and why not.
void add_marks(Json& head, const model::BufferList& list) {
    head["exact"] = list.inexact.empty();
    head["inexact"] = list.inexact;
    head["stacks_dropped"] = list.stacks_dropped;
}

Response list_response(const ListRequest& request) {
    if (forbidden(*request.snapshot)) {
        return forbidden_response();
    }
    model::BufferList list = model::read_buffers(*request.snapshot, request.which, request.filter);
    Json head = answer_head(*request.snapshot);
    add_marks(head, list);
    add_page(head, request.page, list.buffers.size());
    head["totals"] = model::totals_json(model::totals_of(list, false));
    cut(list, request);
    return json_response(text_with_list(head, "buffers", list));
}

model::BufferOrder order_of(const std::string& word) {
    return word == "age"  ? model::BufferOrder::kAge
           : word == "id" ? model::BufferOrder::kId
                          : model::BufferOrder::kSize;
}

// Of all live buffers, however many, grouped by who allocated them.
Response sites_response(const ListRequest& request) {
    if (forbidden(*request.snapshot)) {
        return forbidden_response();
    }
    model::BufferList list = model::read_buffers(*request.snapshot, request.which, request.filter);
    symbols::name_stacks(list);
    std::vector<model::CallSite> sites = model::call_sites_of(list);
    Json document = answer_head(*request.snapshot);
    add_marks(document, list);
    document["buffers"] = list.buffers.size();
    add_page(document, request.page, sites.size());
    const auto [begin, end] = range_of(request.page, sites.size());
    const auto at = [&](std::size_t place) {
        return sites.begin() + static_cast<std::ptrdiff_t>(place);
    };
    document["sites"] = model::call_sites_json({at(begin), at(end)});
    return json_response(document);
}

// The snapshot with what the selection and the path leave of its processes; nothing if the path names none.
std::shared_ptr<const model::Snapshot> narrowed(const model::Snapshot& all, const Request& request,
                                                const Selection& wanted) {
    auto snapshot = std::make_shared<model::Snapshot>(all);
    if (request.target.segments.size() == 5) {
        const auto image = parse_image(request.target.segments[3]);
        std::erase_if(snapshot->processes,
                      [&](const model::Process& process) { return image != process.image; });
        if (snapshot->processes.empty()) {
            return nullptr;
        }
    }
    apply(wanted, *snapshot);
    return snapshot;
}

}  // namespace

Answer buffers(const Request& request, Publication& publication) {
    Parameters parameters(request.target, {"limit", "offset", "sort", "device", "pool", "pid",
                                           "user", "name", "stacks"});
    const Selection wanted = parameters.selection();
    const Page page = parameters.page(kBufferEntries);
    const std::string by = parameters.one_of("sort", {"size", "age", "id"});
    const bool named = parameters.one_of("stacks", {"1", "0"}) == "1";
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const auto snapshot = narrowed(*publication.now().snapshot, request, wanted);
    if (!snapshot) {
        return no_such_process(request);
    }
    const bool one = request.target.segments.size() == 5;
    const ListRequest list{snapshot,      one ? model::Which::kAll : model::Which::kRunning,
                           wanted.filter, order_of(by),
                           page,          named};
    return Work{[list] { return list_response(list); }};
}

Answer call_sites(const Request& request, Publication& publication) {
    Parameters parameters(request.target, {"limit", "offset", "device", "pool"});
    const Selection wanted = parameters.selection();
    const Page page = parameters.page(kPageEntries);
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const auto snapshot = narrowed(*publication.now().snapshot, request, wanted);
    if (!snapshot) {
        return no_such_process(request);
    }
    const ListRequest list{
        snapshot, model::Which::kAll, wanted.filter, model::BufferOrder::kSize, page, true};
    return Work{[list] { return sites_response(list); }};
}

Answer leaks(const Request& request, Publication& publication) {
    Parameters parameters(request.target,
                          {"limit", "offset", "device", "pool", "pid", "user", "name", "stacks"});
    const Selection wanted = parameters.selection();
    const model::Filter& filter = wanted.filter;
    const Page page = parameters.page(kBufferEntries);
    const bool named = parameters.one_of("stacks", {"1", "0"}) == "1";
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const auto snapshot = narrowed(*publication.now().snapshot, request, wanted);
    Json head = answer_head(*snapshot);
    head["left"] = model::holdings_json(model::holdings_of(*snapshot, true));
    head["running"] = model::holdings_json(model::holdings_of(*snapshot, false));
    std::vector<model::Growth> growing;
    if (publication.source() != nullptr) {
        growing =
            model::find_growth(publication.source()->reader(), snapshot->time_unix_ns).growing;
    }
    std::erase_if(growing, [&](const model::Growth& growth) {
        return !filter.wants_device(growth.device) || !filter.wants_pool(growth.pool_name);
    });
    head["growing"] = model::growing_json(growing);
    const ListRequest list{snapshot, model::Which::kExited, filter, model::BufferOrder::kSize, page,
                           named};
    const auto make = [list, head]() mutable {
        model::BufferList found =
            model::read_buffers(*list.snapshot, model::Which::kExited, list.filter);
        add_marks(head, found);
        add_page(head, list.page, found.buffers.size());
        cut(found, list);
        return json_response(text_with_list(head, "leaks", found));
    };
    return Work{make};
}

}  // namespace tidemark::web
