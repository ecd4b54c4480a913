// SPDX-License-Identifier: Apache-2.0
//
// `tidemark serve`: the figures over HTTP. What it answers is viewers/web; here are its command line and its token.
#include "viewers/web/server.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "viewers/cli/output.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::cli {
namespace {

class Serve final : public Command {
public:
    const char* name() const override { return "serve"; }
    const char* summary() const override { return "web page and REST, with live data"; }
    const char* help() const override {
        return R"(Usage: tidemark serve [options]

Serves a page (/), JSON (/api/v1/..., /api/devices) and server-sent events
(/api/v1/stream) over HTTP. Reads only; GET and HEAD are all that it answers.

  --bind ADDRESS          where it listens (127.0.0.1)
  --port PORT             and at which port (9497); 0: any, which it prints
  --token TOKEN           who asks must know it (at least 16 characters); needed
                          for an address that other machines reach
  --token-file FILE       the same from a file that only you can read;
                          TIDEMARK_TOKEN: the same from the environment
  --host NAME             a name that people reach it by, besides localhost,
                          addresses and this machine's name; repeatable
  --instance NAME         another collector's; --trust-uid UID

Exit status: 0 after SIGINT or SIGTERM; 2 for a wrong command line; 3 if it
cannot listen. It needs no collector to start: it says when one is there.

Examples:
  tidemark serve
  tidemark serve --bind 0.0.0.0 --token-file ~/.config/tidemark/token
)";
    }
    void add_options(OptionSet& set) override {
        set.text("--bind", bind_);
        set.text("--port", port_);
        set.text("--token", token_);
        set.text("--token-file", token_file_);
        set.list("--host", hosts_);
    }
    int run(const Invocation& invocation) override;

private:
    std::string token() const;
    web::ServerOptions server_options(const Options& options) const;

    std::optional<std::string> bind_, port_, token_, token_file_;
    std::vector<std::string> hosts_;
};

// The first line of a file that nobody else can read.
std::string read_token(const std::string& path) {
    std::ifstream file(path);
    struct stat status {};
    std::string line;
    if (::stat(path.c_str(), &status) != 0 || !std::getline(file, line)) {
        usage_error("cannot read a token from " + path + ": " +
                    (errno != 0 ? std::strerror(errno) : "it is empty") +
                    "; write one into it: `openssl rand -hex 24`");
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        usage_error("others can read the token in " + path + "; `chmod 600 " + path + "`");
    }
    return line;
}

std::string Serve::token() const {
    if (token_ && token_file_) {
        usage_error("--token and --token-file both name a token: choose one");
    }
    const char* variable = std::getenv("TIDEMARK_TOKEN");
    std::string token = token_                ? *token_
                        : token_file_         ? read_token(*token_file_)
                        : variable != nullptr ? variable
                                              : "";
    const bool given = token_ || token_file_ || !token.empty();
    if (given && !web::usable_token(token)) {
        usage_error("a token has at least " + std::to_string(web::kTokenBytes) +
                    " visible ASCII characters, none of them ; , \" or \\");
    }
    return token;
}

web::ServerOptions Serve::server_options(const Options& options) const {
    web::ServerOptions server;
    server.bind = bind_.value_or(server.bind);
    if (!web::is_address(server.bind)) {
        usage_error("--bind takes an address such as 127.0.0.1, ::1 or 0.0.0.0, not '" +
                    server.bind + "'");
    }
    if (port_) {
        const std::uint64_t port = whole_value("--port", *port_);
        if (port > 65535) {
            usage_error("--port takes a number from 0 to 65535, not '" + *port_ + "'");
        }
        server.port = static_cast<std::uint16_t>(port);
    }
    server.access.token = token();
    if (server.access.token.empty() && !web::is_loopback(server.bind)) {
        usage_error("other machines reach " + server.bind +
                    ", so a token is needed: --token-file FILE or TIDEMARK_TOKEN");
    }
    server.access.names = hosts_;
    server.source = options.source;
    return server;
}

void refuse_filters(const Options& options) {
    const model::Filter& filter = options.filter;
    if (!filter.devices.empty() || !filter.pids.empty() || !filter.uids.empty() ||
        !filter.pools.empty()) {
        usage_error("`serve` shows everything; filter in the request: /api/v1/processes?pid=1234");
    }
    if (!options.format.empty() || options.output || !options.header || !options.units) {
        usage_error(
            "`serve` answers over HTTP: leave out --format, --output, --noheader and --nounits");
    }
    if (options.is_paced) {
        usage_error("`serve` answers requests until it is stopped: leave out -w, -r, -n and -1");
    }
}

int Serve::run(const Invocation& invocation) {
    const Options& options = invocation.options;
    refuse_filters(options);
    const web::ServerOptions server = server_options(options);
    find_source(options);  // says now what can't be trusted or understood
    const std::string host =
        server.bind.find(':') == std::string::npos ? server.bind : '[' + server.bind + ']';
    const std::string problem = web::serve(server, [&](std::uint16_t port) {
        Output::open({}, false).write("serving http://" + host + ':' + std::to_string(port) + "/" +
                                      (server.access.token.empty() ? "" : " (needs the token)") +
                                      '\n');
    });
    if (!problem.empty()) {
        unavailable(problem);
    }
    return kOk;
}

}  // namespace

std::unique_ptr<Command> make_serve() { return std::make_unique<Serve>(); }

}  // namespace tidemark::cli
