#!/usr/bin/env python3
"""common/store/embed_sql.py: what goes in comes out byte by byte, and what is odd is refused."""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EMBED = os.path.join(ROOT, "common", "store", "embed_sql.py")
CC = os.environ.get("CC", "cc")
NASTY = '-- contract: "quotes" \\ back ??= tri\tgraph é €7\nSELECT \'%s\', E\'\\n\';\n\n-- no line end'


class Embed(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)

    def embed(self, kind, files):
        directory = os.path.join(self.tmp.name, "svc", kind)
        os.makedirs(directory, exist_ok=True)
        for old in os.listdir(directory):
            os.remove(os.path.join(directory, old))
        for name, data in files.items():
            with open(os.path.join(directory, name), "wb") as f:
                f.write(data if isinstance(data, bytes) else data.encode())
        out = os.path.join(self.tmp.name, "out.c")
        done = subprocess.run([sys.executable, EMBED, out, "listed", directory], capture_output=True, text=True)
        return done, out

    def compiled(self, out, main):
        source, program = os.path.join(self.tmp.name, "main.c"), os.path.join(self.tmp.name, "main")
        with open(source, "w") as f:
            f.write('#include "store/store.h"\n' + main)
        flags = ["-std=gnu17", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-I", os.path.join(ROOT, "common")]
        subprocess.run([CC, *flags, source, out, "-o", program], check=True)
        return subprocess.run([program], capture_output=True, check=True).stdout

    def test_statements(self):
        done, out = self.embed("sql", {"nasty.sql": NASTY, "a.sql": "-- a\nSELECT 1", "README.md": "not SQL"})
        self.assertEqual(done.returncode, 0, done.stderr)
        main = """extern const struct store_sql listed[]; extern const size_t listed_n; extern const char sql_nasty[];
            int main(void) { printf("%zu %s %s|%s", listed_n, listed[0].name, listed[1].name, sql_nasty);
            return listed[1].sql == sql_nasty ? 0 : 1; }"""
        self.assertEqual(self.compiled(out, main).decode(), "2 a nasty|" + NASTY)

    def test_migrations(self):
        done, out = self.embed(
            "migrations", {"0001_make_it.sql": NASTY, "0001_make_it.check.sql": "SELECT 1", "0010_more.sql": "-- x\nSELECT 2\n"}
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        main = """extern const struct store_migration listed[]; extern const size_t listed_n;
            int main(void) { printf("%zu %d %s %s %d %s %s|%s", listed_n, listed[0].number, listed[0].name, listed[0].check_sql,
            listed[1].number, listed[1].name, listed[1].check_sql == NULL ? "none" : "?", listed[0].sql); return 0; }"""
        self.assertEqual(self.compiled(out, main).decode(), "2 1 make_it SELECT 1 10 more none|" + NASTY)

    def test_nothing(self):
        for kind in ("migrations", "sql"):
            done, out = self.embed(kind, {})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.compiled(out, 'extern const size_t listed_n; int main(void) { printf("%zu", listed_n); return 0; }'), b"0")

    def test_same_bytes(self):
        files = {"b.sql": "-- b\n", "a.sql": "-- a\n"}
        made = []
        for _ in range(2):
            with open(self.embed("sql", files)[1], "rb") as f:
                made.append(f.read())
        self.assertEqual(made[0], made[1])

    def test_refusals(self):
        for kind, files, why in [
            ("migrations", {"1_make.sql": "x"}, "not NNNN_name.sql"),
            ("migrations", {"0001_a.sql": "x", "0001_b.sql": "y"}, "twice"),
            ("migrations", {"0001_a.check.sql": "x"}, "no migration of that name"),
            ("migrations", {"0001_a.sql": "x", "0001_b.check.sql": "y"}, "no migration of that name"),
            ("migrations", {"0001_a.sql": "SELECT 1;\n  commit;\n"}, "one transaction"),
            ("migrations", {"0001_a.sql": " \n"}, "empty"),
            ("sql", {"Big.sql": "-- x\n"}, "not lower_case.sql"),
            ("sql", {"a.sql": "SELECT 1"}, "contract"),
            ("sql", {"a.sql": b"-- \xff"}, "not UTF-8"),
            ("sql", {"a.sql": b"-- \0"}, "NUL"),
        ]:
            done, _ = self.embed(kind, files)
            self.assertNotEqual(done.returncode, 0, files)
            self.assertIn(why, done.stderr)


if __name__ == "__main__":
    unittest.main()
