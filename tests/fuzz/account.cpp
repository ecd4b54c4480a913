// SPDX-License-Identifier: Apache-2.0
//
// Recovery: a collector is killed, the account of one image (and perhaps the ledger with its journal) is changed word by
// word as the input says, and the next collector takes over. It starts and the honest ring's figures are right, or it
// says why it does not start. The reader of live buffers looks at the changed account too.
#include <fcntl.h>
#include <unistd.h>

#include "collector/drain/account.hpp"
#include "collector/drain/ledger.hpp"
#include "tests/fuzz/drain_world.hpp"
#include "tidemark/account_reader.hpp"

namespace tidemark::fuzz {
namespace {

using namespace collector;

constexpr std::uint64_t kJournalAt = 4096, kRecordsAt = 1 << 20;  // of the ledger, see ledger.hpp

class Object {
public:
    explicit Object(const std::string& name) {
        file_ = open(("/dev/shm/" + name).c_str(), O_RDWR | O_CLOEXEC);
        require(file_ >= 0, "there is no " + name);
        size_ = static_cast<std::uint64_t>(lseek(file_, 0, SEEK_END));
    }
    ~Object() { close(file_); }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    template <class Word>
    void put(std::uint64_t offset, Word word) const {
        const std::uint64_t place = std::min(offset & ~std::uint64_t{3}, size_ - sizeof word);
        [[maybe_unused]] const ssize_t size =
            pwrite(file_, &word, sizeof word, static_cast<off_t>(place));
    }
    void truncate(std::uint64_t size) const {
        [[maybe_unused]] const int done = ftruncate(file_, static_cast<off_t>(size % size_));
    }

private:
    int file_;
    std::uint64_t size_;
};

void work(test::HandRing& ring, std::uint32_t rounds) {
    for (std::uint64_t i = 0; i < rounds; ++i) {
        ring.allocate(0, 16 * i + 1, 64 + i, static_cast<std::uint32_t>(i % 3), 1);
        if (i % 4 == 3) ring.free(0, 16 * i + 1, static_cast<std::uint32_t>(i % 3), 1);
    }
}

// True if the ledger was among what was changed.
bool change(const Object& account, const Object& ledger, Input& input) {
    const auto what = input.take<std::uint8_t>() % 9;
    const std::uint64_t place = input.take<std::uint16_t>();
    const auto word = input.take<std::uint64_t>();
    switch (what) {
        case 0:
            account.put(place % sizeof(tidemark_account_header), word);
            return false;
        case 1:
            account.put(kStateOffset + place % 512, word);
            return false;
        case 2:
            account.put(kStateOffset + place, word);
            return false;
        case 3:
            account.put(kDirectoryOffset + place % 64, static_cast<std::uint32_t>(word));
            return false;
        case 4:
            account.put(kPagesOffset + place % 16384, word);
            return false;
        case 5:
            account.put(kPagesOffset + place % 16384, static_cast<std::uint32_t>(word));
            return false;
        case 6:
            account.truncate(word);
            return false;
        case 7:
            ledger.put(place % (8192 + 4 * sizeof(LedgerRow)), word);
            return true;
        default: {  // a record of the journal, and one more is valid
            const std::uint64_t number = place % 8;
            const UndoRecord record{static_cast<std::uint32_t>(word & 7),
                                    static_cast<std::uint32_t>(word >> 3 & 63),
                                    word >> 9 & 0x7FFFFF,
                                    {place, word, ~word, place << 32}};
            ledger.put(kRecordsAt + number * sizeof record, record);
            ledger.put(kJournalAt, number + 1);
            return true;
        }
    }
}

void read_account(std::uint64_t image) {
    std::string error;
    auto reader = AccountReader::open(DrainWorld::name(), image, &error);
    if (!reader) return require(!error.empty(), "an account is refused without a word");
    const LiveBuffers live = reader->live_buffers();
    require(live.buffers.size() <= 1 << 20, "more live buffers than the account has room for");
    for (std::uint32_t pool = 0; pool < 17; ++pool)
        require(reader->pool_name(pool).size() <= 24, "a pool's name without an end");
    for (const LiveBuffer& buffer : live.buffers)
        (void)reader->call_site(buffer.stack);
    (void)reader->stacks_dropped();
}

void run(const std::uint8_t* data, std::size_t size) {
    DrainWorld world;
    test::HandRing ring(DrainWorld::name(), 1, 512);
    Input input(data, size);
    work(ring, input.take<std::uint8_t>());
    world.core().ring_appeared(ring.name);
    world.core().flush();
    world.honest_goes_on();
    if (input.take<std::uint8_t>() % 2 != 0) {  // an account of an image that exited
        ring.let_go();
        world.core().flush();
    }
    world.kill();
    bool ledger_changed = false;
    {
        const Object account(collector::Account::name_of(DrainWorld::name(), ring.image));
        const Object ledger(Ledger::name_of(DrainWorld::name()));
        while (!input.is_empty())
            ledger_changed |= change(account, ledger, input);
    }
    read_account(ring.image);
    if (!world.opens())
        return require(ledger_changed, "an account keeps the collector from starting");
    world.core().flush();
    if (!ledger_changed) world.honest_goes_on();
    ring.let_go();
    world.core().flush();
    if (!ledger_changed) world.honest_goes_on();
}

}  // namespace
}  // namespace tidemark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tidemark::fuzz::run(data, size);
    return 0;
}
