// SPDX-License-Identifier: Apache-2.0
//
// Control groups as the programs that make them write them, and as nobody writes them.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "unit/viewers/tool.hpp"
#include "viewers/export/workloads.hpp"

using namespace tidemark;
using exporter::Workload;
using exporter::workload_of;

namespace {

const std::string kId(64, 'a');
const std::string kOther = std::string(32, '0') + std::string(32, 'f');
const std::string kPod = "12345678-9abc-def0-1234-56789abcdef0";
const std::string kPodOfSystemd = "12345678_9abc_def0_1234_56789abcdef0";

Workload unified(const std::string& path) { return workload_of("0::" + path + "\n"); }

// 18 fields between the state and the start time.
std::string stat_text(int pid, const std::string& name, std::uint64_t ticks) {
    std::string text = std::to_string(pid) + " (" + name + ") S";
    for (int i = 0; i < 18; ++i) {
        text += " 1";
    }
    return text + " " + std::to_string(ticks) + " 99 99\n";
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

model::Process process(std::uint64_t image, std::int32_t pid, std::uint64_t ticks) {
    model::Process made;
    made.image = image;
    made.pid = pid;
    made.start_ticks = ticks;
    return made;
}

}  // namespace

TEST_CASE("a service of systemd is a unit, the user's own under a user's manager") {
    CHECK(unified("/system.slice/nginx.service") == Workload{"nginx.service", "", ""});
    CHECK(unified("/system.slice/system-getty.slice/getty@tty1.service").unit ==
          "getty@tty1.service");
    CHECK(unified("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service").unit ==
          "web.service");
    CHECK(unified("/user.slice/user-1000.slice/user@1000.service/init.scope").unit ==
          "user@1000.service");
    CHECK(unified("/user.slice/user-1000.slice/session-3.scope") == Workload{});
    CHECK(unified("/") == Workload{});
}

TEST_CASE("containers of Docker, containerd, CRI-O and podman are known by their id") {
    for (const std::string& path :
         {"/docker/" + kId, "/system.slice/docker-" + kId + ".scope",
          "/system.slice/docker-" + kId + ".scope/init.scope", "/default/" + kId,
          "/system.slice/nerdctl-" + kId + ".scope", "/machine.slice/libpod-" + kId + ".scope",
          "/machine.slice/libpod-" + kId + ".scope/container",
          "/system.slice/crio-" + kId + ".scope", "/../" + kId}) {
        CAPTURE(path);
        CHECK(unified(path) == Workload{"", kId, ""});
    }
    CHECK(unified("/system.slice/web.service/libpod-payload-" + kId) ==
          Workload{"web.service", kId, ""});
    CHECK_MESSAGE(unified("/docker/" + kOther + "/docker/" + kId).container == kId,
                  "the innermost of containers in containers");
}

TEST_CASE("pods of Kubernetes are known by their uid, with either driver of control groups") {
    const Workload in_pod{"", kId, kPod};
    for (const std::string& path :
         {"/kubepods/burstable/pod" + kPod + "/" + kId, "/kubepods/pod" + kPod + "/" + kId,
          "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + kPodOfSystemd +
              ".slice/cri-containerd-" + kId + ".scope",
          "/kubepods.slice/kubepods-pod" + kPodOfSystemd + ".slice/crio-" + kId + ".scope",
          "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + kPodOfSystemd +
              ".slice/docker-" + kId + ".scope",
          "/../../kubepods-besteffort-pod" + kPodOfSystemd + ".slice/cri-containerd-" + kId +
              ".scope"}) {
        CAPTURE(path);
        CHECK(unified(path) == in_pod);
    }
    CHECK(unified("/system.slice/containerd.service/kubepods-burstable-pod" + kPodOfSystemd +
                  ".slice:cri-containerd:" + kId) == Workload{"containerd.service", kId, kPod});
    const std::string of_manifest(32, 'b');
    CHECK(unified("/kubepods/burstable/pod" + of_manifest + "/" + kId).pod == of_manifest);
}

TEST_CASE("version 1 and both versions at once tell the same") {
    CHECK(workload_of("12:memory:/docker/" + kId + "\n11:cpu,cpuacct:/docker/" + kId +
                      "\n1:name=systemd:/docker/" + kId + "\n") == Workload{"", kId, ""});
    CHECK(workload_of("4:memory:/kubepods/besteffort/pod" + kPod + "/" + kId +
                      "\n1:name=systemd:/\n0::/system.slice/containerd.service\n") ==
          Workload{"containerd.service", kId, kPod});
    CHECK_MESSAGE(workload_of("4:memory:/system.slice/old.service\n0::/a/new.service\n").unit ==
                      "new.service",
                  "the unified hierarchy first");
}

TEST_CASE("what only looks like a container is none") {
    const std::vector<std::string> paths = {"/docker/" + kId.substr(1),
                                            "/docker/" + kId + "a",
                                            "/docker/" + std::string(64, 'G'),
                                            "/machine.slice/libpod-conmon-" + kId + ".scope",
                                            "/crio-conmon-" + kId + ".scope",
                                            std::string("/kubepods/pod12345678-9abc"),
                                            "/podcasts.slice",
                                            "/kubepods/pod" + kPod + "x",
                                            "/x-pod" + kPodOfSystemd + ".slice",
                                            "/kubepods/pod" + std::string(36, 'a')};
    for (const std::string& path : paths) {
        CAPTURE(path);
        CHECK(unified(path) == Workload{});
    }
}

TEST_CASE("any bytes are read, and no more of them than a fixed amount") {
    CHECK(workload_of("") == Workload{});
    CHECK(workload_of("\n\n\n") == Workload{});
    CHECK(workload_of("no colons\n0:\n::\n0::\n:::::") == Workload{});
    CHECK(workload_of("0::/a.service").unit == "a.service");
    CHECK(workload_of("0::/" + std::string(5000, 'a') + "/x.service\n") == Workload{});
    std::string many;
    for (int i = 0; i < 100; ++i) {
        many += "1:cpu:/\n";
    }
    CHECK(workload_of(many + "0::/late.service\n") == Workload{});
    std::string colons = "0::/";
    colons.append(4000, ':');
    CHECK(workload_of(colons) == Workload{});
}

TEST_CASE("a process is asked for its groups only while it is the one that the collector saw") {
    const std::string root = test::scratch_path("proc");
    const std::filesystem::path proc = std::filesystem::path(root) / "proc";
    const auto add = [&](int pid, const std::string& name, std::uint64_t ticks) {
        write_file(proc / std::to_string(pid) / "cgroup",
                   "0::/x/of-" + std::to_string(pid) + ".service\n");
        write_file(proc / std::to_string(pid) / "stat", stat_text(pid, name, ticks));
    };
    add(10, "plain", 700);
    add(11, "a) S 1 (b", 800);
    add(12, "given anew", 900);
    write_file(proc / "13" / "cgroup", "0::/x/of-13.service\n");
    write_file(proc / "14" / "cgroup", "0::/x/of-14.service\n");
    write_file(proc / "14" / "stat", "14 (short) S 1 1\n");
    model::Snapshot snapshot;
    snapshot.processes = {process(1, 10, 700), process(2, 11, 800), process(3, 12, 901),
                          process(4, 13, 5),   process(5, 14, 5),   process(6, 15, 5),
                          process(7, 10, 700)};
    snapshot.processes[6].exited = true;
    model::Process unknown = process(8, 10, 700);
    unknown.start_ticks.reset();
    snapshot.processes.push_back(unknown);
    const exporter::Workloads found = exporter::read_workloads(snapshot, sensors::Tree(root));
    std::filesystem::remove_all(root);
    CHECK(found.size() == 2);
    CHECK(found.at(1).unit == "of-10.service");
    CHECK(found.at(2).unit == "of-11.service");
}
