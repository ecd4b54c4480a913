# SPDX-License-Identifier: Apache-2.0
"""Interpreters and tools driven by scripts, beyond those of programs/: the same output and status under the tracker, and
nothing lost without a count."""
import unittest

import host
import tracked

SQL = """
.bail on
PRAGMA journal_mode = WAL;
CREATE TABLE part(id INTEGER PRIMARY KEY, name TEXT UNIQUE, weight REAL);
CREATE TABLE uses(whole INTEGER, part INTEGER, count INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
INSERT INTO part SELECT i, 'part ' || i, (i * 7919) % 1000 / 10.0 FROM n;
INSERT INTO uses SELECT id, (id * 31) % 30000 + 1, id % 5 FROM part WHERE id % 3 = 0;
CREATE INDEX by_part ON uses(part);
BEGIN;
UPDATE part SET weight = weight + 1 WHERE id % 2 = 0;
SAVEPOINT half;
DELETE FROM uses WHERE count = 2;
ROLLBACK TO half;
COMMIT;
CREATE VIRTUAL TABLE words USING fts5(text);
INSERT INTO words SELECT name FROM part WHERE id < 5000;
SELECT count(*) FROM words WHERE words MATCH 'part AND 47*';
SELECT sum(weight * count) FROM uses JOIN part ON part.id = uses.part;
SELECT json_group_array(name) FROM (SELECT name FROM part ORDER BY weight DESC, id LIMIT 50);
VACUUM;
PRAGMA integrity_check;
"""

GIT = """
set -eu
git init -q -b main one && cd one
for i in 1 2 3 4 5 6; do seq $i 400 >file$i; git add . ; git commit -q -m "commit $i"; done
git checkout -q -b side HEAD~3
for i in 7 8 9; do seq $i 300 >side$i; seq 3 $i >file1; git add . ; git commit -q -m "side $i"; done
git checkout -q main
git merge -q -m merged side || { git checkout -q --theirs . ; git add . ; git commit -q -m merged; }
git tag -a -m first v1
git clone -q --no-local . ../two && cd ../two
seq 99 >more && git add . && git commit -q -m more
git push -q origin HEAD:refs/heads/pushed
git bisect start -q HEAD v1~2 && git bisect run -q sh -c 'test -f more || exit 0; exit 1' | tail -n 1
cd ../one && git gc -q --prune=now && git fsck --full --strict
git log --graph --format='%h %s' --all
git for-each-ref
git archive pushed | tar -t | sort
"""
GIT_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z",
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "gc.auto", "GIT_CONFIG_VALUE_0": "0",
}  # fmt: skip

PERL = """
use strict; use warnings; use POSIX ();
my ($caught, %kept) = (0);
$SIG{USR1} = sub { my @blocks = map { "x" x $_ } 1 .. 50; $caught += @blocks };
for my $round (1 .. 5) {
    $kept{$_} = [map { "y" x ($_ % 30) } 1 .. 10] for 1 .. 10000;
    delete $kept{$_} for 1 .. 5000;
    kill USR1 => $$;
    pipe(my $in, my $out) or die;
    my $child = fork // die;
    if ($child == 0) { print $out join(",", map { scalar @{$kept{$_}} } 5001 .. 5050), "\\n"; close $out; POSIX::_exit($round) }
    close $out;
    print "child of round $round: ", scalar <$in>;
    waitpid $child, 0;
    print $? >> 8, " ", `echo by the shell`;
}
eval { my @a = (1) x 1e6; die "as asked\\n" };
print "$caught $@", join(" ", map { length } sort keys %kept), "\\n";
kill TERM => $$; sleep 10;
"""

NODE = """
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto'), zlib = require('zlib'), { execFileSync } = require('child_process');
if (!isMainThread) {
  let text = '';
  for (let i = 0; i < 2000; ++i) text += JSON.stringify({ i, n: workerData * i, s: 'x'.repeat(i % 50) });
  const back = zlib.gunzipSync(zlib.gzipSync(text)).toString();
  if (workerData === 7) for (;;) {}
  parentPort.postMessage([workerData, back.length, crypto.createHash('sha256').update(back).digest('hex')]);
} else {
  const results = [];
  let left = 8;
  for (let n = 0; n < 8; ++n) {
    const worker = new Worker(__filename, { workerData: n });
    worker.on('message', (m) => { results.push(m); if (results.length === 7) endless.terminate(); });
    worker.on('exit', () => {
      if (--left !== 0) return;
      for (const r of results.sort((a, b) => a[0] - b[0])) console.log(...r);
      process.stdout.write(execFileSync('/bin/echo', ['child']));
      process.exit(9);
    });
    if (n === 7) var endless = worker;
  }
}
"""


class Scripts(host.HostTest):
    def test_sqlite(self):
        done, report = self.both_ways([tracked.installed("sqlite3"), "parts.db"], input=SQL.encode(), stdin=None)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.endswith(b"ok\n"), done.stdout[-200:])
        self.assert_right(report)

    def test_git(self):
        tracked.installed("git")
        done, report = self.both_ways(["sh", "-c", GIT], GIT_ENVIRONMENT)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(len(tracked.named(report, "git")), 60)
        self.assert_right(report, {"full"})

    def test_perl(self):
        tracked.installed("perl")
        done, report = self.both_ways(["perl", "-e", PERL], {"PERL_HASH_SEED": "0"})
        self.assertEqual(done.returncode, 128 + 15)
        self.assertIn(b"250 as asked", done.stdout)
        self.assert_right(report, {"full"})

    def test_node_with_workers(self):
        script = self.folder / "workers.js"
        script.write_text(NODE)
        done, report = self.both_ways([tracked.installed("node"), str(script)])
        self.assertEqual(done.returncode, 9, done.stderr)
        self.assertEqual(done.stdout.count(b"\n"), 8)
        self.assert_right(report, {"full", "no_lane", "handler"})
        self.assertGreater(tracked.host(tracked.named(report, "node")[0])["allocations"], 10_000)

    def test_redis_benchmark_and_its_server(self):
        """Both tracked, in one run; programs/ has the server with an untracked client."""
        server = [tracked.installed("redis-server"), "--port", "0", "--unixsocket", "s", "--save", "", "--appendonly", "no"]
        client = f"{tracked.installed('redis-cli')} -s s"
        script = f"""
        {' '.join(word or "''" for word in server)} --io-threads 2 >log & server=$!
        until {client} ping >/dev/null 2>&1; do sleep 0.02; done
        {tracked.installed('redis-benchmark')} -s s -q -n 10000 -c 20 --threads 2 -P 8 -t set,get,lpush,lrange_100 >figures || exit 9
        {client} eval "return redis.call('dbsize')" 0; {client} shutdown nosave; wait $server
        """
        done, report = self.both_ways(["bash", "-c", script])
        self.assertEqual((done.returncode, done.stdout), (0, b"2\n"), done.stderr)
        self.assertEqual(len(tracked.named(report, "redis-benchmark")), 1)
        self.assert_right(report, {"full", "no_lane"})


if __name__ == "__main__":
    unittest.main()
