// SPDX-License-Identifier: Apache-2.0
//
// Which images there are: attached, ended, exited, forgotten. Makes an account when a ring appears, ends it when its
// producer has let go and everything was drained, and keeps an exited image for its grace.
//
//     ring appears        producer lets go      drained               grace over
//   ------------> running -------------> ended ---------> exited --------------> forgotten
//                 (account, ring)        (both)           (account object only)  (nothing)
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/configuration.hpp"
#include "collector/drain/clock_calibration.hpp"
#include "collector/drain/image.hpp"
#include "collector/drain/ledger.hpp"
#include "collector/drain/name_set.hpp"
#include "collector/drain/publisher.hpp"
#include "collector/drain/rota.hpp"
#include "collector/drain/totals.hpp"

namespace tidemark::collector {

// Drain thread only.
class Registry {
public:
    Registry(const Configuration& configuration, Ledger& ledger, Totals& totals,
             const ClockCalibration& clock, Publisher& publisher, SinkPort& sinks,
             CollectorCounters& counters);

    // Opens the accounts that an earlier generation left, undoes an unfinished pass, counts what stands.
    void recover();
    // After the first look at the directory: socket clients whose last collector ended before they did. What was told of
    // them is kept while they live, and is no longer exact: what they told since is not known.
    void keep_cut_off();
    // Looks through the whole directory: new rings are attached. kLookFor: rings whose producer is gone are marked
    // ended too, which costs some system calls each; else a few are looked at with each heartbeat.
    enum class Ends { kSkip, kLookFor };
    void scan(Ends ends = Ends::kSkip);
    void ring_appeared(const std::string& name);
    // True if some ring is not drained for want of space, descriptors or maps: look again soon.
    bool has_waiting() const noexcept { return !waiting_.empty(); }
    void ring_released(const std::string& name);
    void process_ended(std::uint64_t image, Ending ending);
    // Of a socket client that ended before there was space for its ring.
    void lost_without_ring(const shm::LossCounter& lost);
    void leaks_recorded(std::uint64_t image);
    // A step of the audit's walk: a bounded number of slots of one account's table. A walk that meets a change begins
    // anew at its next turn, so it ends for accounts that rest now and then.
    void audit_step();
    // Names and capacities that the program declared since.
    void refresh_declarations(Image& image);
    // After a pass: quarantines told, losses added to the collector's.
    void note_moved(const std::vector<Image*>& moved);

    // Reports, folds and unlinks an image that ended and is drained. `moved` gets it, to be published once more. True: what
    // a large one left is still searched, and the next turn goes on with it.
    [[nodiscard]] bool retire(Image& image, std::vector<Image*>& moved);
    // Ends of which nobody said in time how they came.
    void tell_overdue(std::uint64_t now_ns);
    // Exited images whose end was not told to sinks yet.
    std::size_t untold() const noexcept { return untold_.size(); }
    // After that publication, if there was space for it: makes the account small and lets go of it.
    void settle_exited(Image& image);
    // In a pause: gives back a little of what ended images no longer need. False: nothing is left to give.
    bool give_back_some();
    // The accounts of exited images again, so that they can be published into another segment.
    void reopen_exited();
    // Exited images whose grace is over. Those that are another one's children now, and must be published.
    std::vector<Image*> forget_old(std::uint64_t now_ns);
    // Objects of this instance that belong to nothing; names of what was unlinked.
    std::vector<std::string> clean();
    // Rings whose makers died before they had their names. What was removed.
    std::vector<std::string> remove_unfinished();
    // A private instance leaves nothing behind.
    void remove_all();

    std::map<std::uint64_t, std::unique_ptr<Image>>& images() noexcept { return images_; }
    // Those that did not exit yet: what a turn looks at, however many exited ones are kept.
    const std::vector<Image*>& alive() const noexcept { return alive_; }
    std::size_t running() const noexcept { return alive_.size(); }
    // What the ring objects of each user take up in /dev/shm now, bytes.
    std::map<std::uint32_t, std::uint64_t> ring_bytes() const;
    // Says of each row whether a running program of that pid tells of the device itself.
    void mark_instrumented(std::vector<tidemark_region_row>& rows) const;
    // A slot that was not to be had when a ring was attached may be now, or be gone. Looks at each ring. moved: some
    // slot is another one, or in another page, which knows nothing of what was told.
    void announce_slots(bool moved);
    Rota& rota() noexcept { return rota_; }
    // False: none let go since this was last set so.
    bool may_have_ended = true;

    // Where the bell of a user is: slot in its bell page, -1 if there is none. Set by the core.
    std::function<int(std::uint32_t uid)> bell_slot;
    std::function<void(std::uint64_t image, int pid)> on_attached;

private:
    void attach(std::unique_ptr<Ring> ring);
    static void forget_gone(NameSet& names);
    void refuse(const std::string& name, const std::string& error);
    bool claims_another_users_process(const Ring& ring) const;
    bool is_foreign(const shm::RingHeader& said) const;
    std::uint64_t starter_of(const shm::RingHeader& said) const;
    void hand_on(std::uint64_t forgotten, std::vector<Image*>& handed_on);
    std::unique_ptr<Account> account_for(const Ring& ring, const ImageIdentity& identity);
    ImageIdentity identify(const Ring& ring);
    void end_predecessor(ImageIdentity& identity);
    void find_sibling(Image& image);
    void count_losses(Image& image);
    void tell_table_full(Image& image);
    bool tells_of(std::int32_t pid, std::uint32_t device) const;
    bool report_leaks(Image& image);
    void report_leak(const Image& image, const tidemark_account_entry& entry);
    void find_image_to_audit();
    void compare(const Account& account, std::uint64_t buffers, std::uint64_t bytes);
    Image& add(std::unique_ptr<Image> image);
    void end(Image& image);
    void await_ending(Image& image);
    void tell_end(Image& image);
    void tell(SinkRecord::Kind kind, const Image& image, std::uint64_t size = 0,
              std::uint64_t id = 0);
    void undo(std::map<std::uint32_t, Account*>& by_serial);
    void adopt(std::unique_ptr<Account> account);
    static bool still_holds(const Image& image);
    bool user_has_collector(std::uint32_t uid) const;
    void wait_with(const std::string& ring, const std::string& why);

    const Configuration& configuration_;
    Ledger& ledger_;
    Totals& totals_;
    const ClockCalibration& clock_;
    Publisher& publisher_;
    SinkPort& sinks_;
    CollectorCounters& counters_;
    std::map<std::uint64_t, std::unique_ptr<Image>> images_;
    NameSet refused_;                // told once
    std::set<std::string> waiting_;  // rings that something could not be had for
    // Rings that name another instance, which never changes: not opened again, since each opening wakes every other
    // collector's directory watch.
    NameSet others_;
    std::vector<Image*> alive_;
    Rota rota_;
    std::unordered_map<std::int32_t, std::uint64_t> by_pid_;         // newest image of a process
    std::unordered_map<std::int32_t, std::uint64_t> by_socket_pid_;  // the same, told by sockets
    std::vector<std::uint64_t> untold_;
    std::deque<std::uint64_t> exited_;                // in the order of their end
    std::deque<std::unique_ptr<Account>> returning_;  // settled, their memory not yet given back
    std::size_t forgotten_ = 0;  // since memory was last given back to the system
    std::uint64_t boot_unix_ns_ = 0;
    std::uint64_t pid_namespace_ = 0;
    struct Walk {
        std::uint64_t image = 0;
        std::uint64_t events = 0;  // of the account when the walk began
        std::uint32_t slot = 0;
        std::uint64_t buffers = 0, bytes = 0;
    } walk_;
    std::unordered_map<std::uint64_t, std::uint64_t>
        audited_;  // image -> its events when it was last compared
};

// Names of objects in /dev/shm that begin with `prefix`. Bounded by what the directory holds.
std::vector<std::string> objects_with_prefix(const std::string& prefix);
// The same, one by one: of rings anybody may make any number.
void for_each_object(const std::string& prefix,
                     const std::function<void(const std::string& name)>& visit);

}  // namespace tidemark::collector
