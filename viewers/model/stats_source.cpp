// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/stats_source.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>

#include "viewers/model/names.hpp"

namespace tidemark::model {
namespace {

// A busy collector publishes every few hundred microseconds; a read takes less than that but for huge tables.
constexpr int kTriesForOneMoment = 8;

std::uint64_t now_ns(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
}

std::optional<StatsReader> open_reader(const SourceOptions& options, std::string* error) {
    return StatsReader::open_trusting(options.instance, options.trusted_uid.value_or(geteuid()),
                                      error);
}

// Whether the failure was that no segment of that name exists; asked anew, since the sentence is for people.
bool is_missing(const SourceOptions& options) {
    tidemark_reader raw{};
    const char* name = options.instance ? options.instance->c_str() : nullptr;
    const int error = tidemark_reader_open(&raw, name);
    tidemark_reader_close(&raw);
    return error == TIDEMARK_READER_NO_SEGMENT;
}

bool by_default(const SourceOptions& options) {
    const char* named = std::getenv("TIDEMARK_INSTANCE");
    return !options.instance && (named == nullptr || *named == '\0');
}

}  // namespace

std::uint64_t unix_now_ns() { return now_ns(CLOCK_REALTIME); }
std::uint64_t monotonic_now_ns() { return now_ns(CLOCK_MONOTONIC); }

std::optional<StatsSource> StatsSource::open(const SourceOptions& options, Error& error) {
    auto reader = open_reader(options, &error.text);
    if (!reader) {
        error.missing = is_missing(options);
        return std::nullopt;
    }
    // The user's own collector ended, but the system's runs: that is the one a person means.
    if (by_default(options) && reader->state() == TIDEMARK_COLLECTOR_STOPPED &&
        reader->instance() != "system") {
        auto system = StatsReader::open("system");
        if (system && system->state() == TIDEMARK_COLLECTOR_RUNNING) {
            reader = std::move(system);
        }
    }
    return StatsSource(options, std::move(*reader));
}

void StatsSource::reopen_if_superseded() {
    if (!reader_.superseded() && reader_.state() != TIDEMARK_COLLECTOR_STOPPED) {
        return;
    }
    // A collector that is just starting may not have published its segment yet: the old one serves until then.
    SourceOptions same = options_;
    same.instance = std::string(reader_.instance());
    if (auto newer = open_reader(same, nullptr)) {
        reader_ = std::move(*newer);
    }
}

Snapshot StatsSource::read() {
    reopen_if_superseded();
    Snapshot snapshot;
    for (int tries = 0; tries < kTriesForOneMoment && !snapshot.consistent; ++tries) {
        snapshot = read_snapshot(reader_);
    }
    sort(snapshot);
    return snapshot;
}

}  // namespace tidemark::model
