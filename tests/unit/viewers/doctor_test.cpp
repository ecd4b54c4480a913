// SPDX-License-Identifier: Apache-2.0
//
// Which objects doctor calls stale, and that it never touches one that somebody uses.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "unit/viewers/tool.hpp"
#include "viewers/cli/doctor_objects.hpp"

using namespace tidemark;
using cli::ObjectKind;

namespace {

// A folder that stands for /dev/shm; files in it look as old as asked.
class Folder {
public:
    Folder() : path_(test::scratch_path("shm")) { std::filesystem::create_directory(path_); }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }
    int make(const std::string& name) const {
        return ::open((path_ + "/" + name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    std::vector<cli::ShmObject> old_objects() const {
        auto objects = cli::list_objects(path_);
        for (cli::ShmObject& object : objects) {
            object.age_ms = 3'600'000;
        }
        return objects;
    }

private:
    std::string path_;
};

void lock_byte(int fd, off_t byte) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    REQUIRE(::fcntl(fd, F_OFD_SETLK, &lock) == 0);
}

std::vector<std::string> names(const std::vector<cli::ShmObject>& objects) {
    std::vector<std::string> list;
    for (const cli::ShmObject& object : objects) {
        list.push_back(object.name);
    }
    std::sort(list.begin(), list.end());
    return list;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("names tell what an object is") {
    CHECK(cli::classify("tidemark.ring.00000000000000a1").kind == ObjectKind::kRing);
    CHECK(cli::classify("tidemark.tmp.00000000000000a1").kind == ObjectKind::kTemporary);
    CHECK(cli::classify("tidemark.bell.1000").kind == ObjectKind::kBell);
    const auto stats = cli::classify("tidemark.user-1000.stats");
    CHECK(stats.kind == ObjectKind::kInstance);
    CHECK(stats.instance == "user-1000");
    CHECK(stats.part == "stats");
    const auto account = cli::classify("tidemark.my.name.account.00000000000000a1");
    CHECK(account.instance == "my.name");
    CHECK(account.part == "account.00000000000000a1");
    CHECK(cli::classify("tidemark.x").kind == ObjectKind::kOther);
}

TEST_CASE("an abandoned temporary object is stale; a locked or a young one is not") {
    const Folder folder;
    ::close(folder.make("tidemark.tmp.0000000000000001"));
    const int held = folder.make("tidemark.tmp.0000000000000002");
    lock_byte(held, 0);
    CHECK(names(cli::stale_objects(folder.old_objects(), "", false)) ==
          Names{"tidemark.tmp.0000000000000001"});
    CHECK(cli::stale_objects(cli::list_objects(folder.path()), "", false).empty());
    ::close(held);
}

TEST_CASE("a private instance is stale once its collector is gone, another one only when named") {
    const Folder folder;
    for (const char* name :
         {"tidemark.run-1-aa.stats", "tidemark.run-1-aa.lock", "tidemark.run-2-bb.stats",
          "tidemark.mine.stats", "tidemark.mine.lock", "tidemark.mine.account.00000000000000a1"}) {
        ::close(folder.make(name));
    }
    const int lock = folder.make("tidemark.run-2-bb.lock");
    lock_byte(lock, 0);
    CHECK(names(cli::stale_objects(folder.old_objects(), "", true)) ==
          Names{"tidemark.run-1-aa.lock", "tidemark.run-1-aa.stats"});
    CHECK(cli::stale_objects(folder.old_objects(), "mine", false).size() == 5);
    ::close(lock);
}

TEST_CASE(
    "a ring is stale only when neither its program nor a collector holds it, and only if asked") {
    const Folder folder;
    ::close(folder.make("tidemark.ring.0000000000000001"));
    const int produced = folder.make("tidemark.ring.0000000000000002");
    const int consumed = folder.make("tidemark.ring.0000000000000003");
    lock_byte(produced, 0);
    lock_byte(consumed, 1);
    CHECK(cli::stale_objects(folder.old_objects(), "", false).empty());
    CHECK(names(cli::stale_objects(folder.old_objects(), "", true)) ==
          Names{"tidemark.ring.0000000000000001"});
    ::close(produced);
    ::close(consumed);
}

TEST_CASE(
    "a named instance goes at once, however young, and never while a collector has its lock") {
    const Folder folder;
    for (const char* name : {"tidemark.mine.stats", "tidemark.mine.account.00000000000000a1",
                             "tidemark.mine.account.00000000000000a2"}) {
        ::close(folder.make(name));
    }
    CHECK(cli::stale_objects(cli::list_objects(folder.path()), "mine", false).empty());
    const int lock = folder.make("tidemark.mine.lock");
    const auto stale = cli::stale_objects(cli::list_objects(folder.path()), "mine", false);
    CHECK(stale.size() == 4);
    lock_byte(lock, 0);  // a collector starts after the look
    CHECK(cli::remove_objects(folder.path(), stale).empty());
    ::close(lock);
    CHECK(cli::remove_objects(folder.path(), stale).back() == "tidemark.mine.lock");
    CHECK(cli::list_objects(folder.path()).empty());
}

TEST_CASE("what to do about rings of ended programs is one sentence") {
    const Folder folder;
    ::close(folder.make("tidemark.ring.0000000000000001"));
    const auto checks = cli::check_objects(folder.old_objects());
    const auto rings = std::find_if(checks.begin(), checks.end(), [](const cli::Check& check) {
        return check.name == "undrained rings";
    });
    REQUIRE(rings != checks.end());
    CHECK(rings->todo ==
          "start the collector that they are for; `tidemark doctor --fix` throws them away");
}

TEST_CASE("removing takes what it is given and nothing else") {
    const Folder folder;
    ::close(folder.make("tidemark.tmp.0000000000000001"));
    ::close(folder.make("tidemark.user-7.ledger"));
    const auto stale = cli::stale_objects(folder.old_objects(), "", false);
    CHECK(cli::remove_objects(folder.path(), stale) == Names{"tidemark.tmp.0000000000000001"});
    CHECK(names(cli::list_objects(folder.path())) == Names{"tidemark.user-7.ledger"});
}

TEST_CASE("objects that others may write are a problem") {
    const Folder folder;
    ::close(folder.make("tidemark.ring.0000000000000001"));
    CHECK(cli::check_objects(folder.old_objects())[0].level == cli::Level::kOk);
    ::chmod((folder.path() + "/tidemark.ring.0000000000000001").c_str(), 0644);
    CHECK(cli::check_objects(folder.old_objects())[0].level == cli::Level::kProblem);
    std::filesystem::create_symlink("/etc/passwd", folder.path() + "/tidemark.mine.stats");
    const auto checks = cli::check_objects(folder.old_objects());
    CHECK(checks[0].text.find("tidemark.mine.stats") != std::string::npos);
}
