#!/usr/bin/env python3
"""Each rule of tools/tidy on a small tree: one offender that must be found, and its neighbour that must not."""
import importlib.machinery
import importlib.util
import os
import sys
import tempfile
import unittest

loader = importlib.machinery.SourceFileLoader("tidy", os.path.join(os.path.dirname(os.path.abspath(__file__)), "tidy"))
sys.dont_write_bytecode = True
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)

TABLE = """# A

    folder   may include
    P        P
    base     P/result
    gcode    base
             P/finding <zlib.h>
    cli      P
"""


class Tidy(unittest.TestCase):
    def problems(self, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {"docs/ARCHITECTURE.md": TABLE, **files}.items():
                os.makedirs(os.path.join(root, os.path.dirname(name)), exist_ok=True)
                with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                    file.write(text)
            return [f"{name}:{line}: {what}" for name, line, what in tidy.tidy(root)[1]]

    def one(self, files, expected):
        found = self.problems(files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def none(self, files):
        self.assertEqual(self.problems(files), [])

    def test_include_edges(self):
        self.one({"engine/src/gcode/a.cpp": '\n#include "proveout/setup.h"\n'}, "a.cpp:2: gcode may not include proveout/setup.h")
        self.one({"engine/src/base/a.cpp": '#include "gcode/lexer.h"\n'}, "base may not include gcode/lexer.h")
        self.one({"engine/src/base/a.cpp": "#include <nlohmann/json.hpp>\n"}, "base may not include nlohmann/json.hpp")
        self.one({"engine/src/base/a.cpp": "#include <zlib.h>\n"}, "base may not include zlib.h")
        self.one({"elsewhere/a.cpp": "int a;\n"}, "no row in the include table")
        self.none({"engine/src/gcode/a.cpp": '#include <vector>\n#include <zlib.h>\n#include "base/b.h"\n#include "proveout/finding.h"\n',
                   "engine/src/base/b.h": '#include "proveout/result.h"\n', "engine/src/gcode/a_test.cpp": "#include <gtest/gtest.h>\n"})

    def test_function_length(self):
        body = "".join(f"    x += {i};\n" for i in range(tidy.MAX_FUNCTION_LINES - 2))
        self.none({"cli/a.cpp": "namespace n {\nvoid f(int x) {\n" + body + "}\n}\n"})
        self.one({"cli/a.cpp": "namespace n {\nvoid f(int x) {\n" + body + "    x += '}';\n}\n}\n"}, "a.cpp:2: function f has 71 lines")
        self.none({"cli/a.cpp": "const char* t[] = {\n" + '    "{(",\n' * 90 + "};\n"})

    def test_sizes(self):
        self.one({"cli/a.cpp": "int a;\n" * 801}, "801 lines")
        self.one({"cli/a.cpp": "//" + "x" * 139 + "\n"}, "141 columns")

    def test_banned_calls(self):
        self.one({"cli/a.cpp": "int a = system(b);\n"}, "banned: system(")
        self.one({"cli/a.cpp": "double a = strtod(b, c);\n"}, "banned: strtod(")
        self.one({"engine/src/base/a.cpp": "auto a = std::chrono::seconds(1);\n"}, "banned: std::chrono")
        self.one({"engine/src/base/a.cpp": "#include <iostream>\n"}, "banned: #include <iostream>")
        self.one({"engine/src/base/a.cpp": 'void f() { std::printf("x"); }\n'}, "banned: std::printf(")
        innocent = 'int a = snprintf(b, c, "system()");  // printf(x)\nint operating_system(int);\nint b = p.time(0);\n'
        self.none({"engine/src/base/a.cpp": innocent})

    def test_markers(self):
        self.one({"cli/a.cpp": "// " + "FIX" + "ME later\n"}, "leftover")

    def test_documents(self):
        self.one({"docs/a.md": "text\n"}, "one '# Title'")
        self.one({"docs/a.md": "# A\n\n# B\n"}, "docs/a.md:3: a document has one")
        self.one({"docs/a.md": "# A\n[x](b.md)\n"}, "docs/a.md:2: link to b.md leads nowhere")
        self.none({"docs/a.md": "# A\n```\n# comment\n```\n[x](ARCHITECTURE.md#part)\n"})

    def test_unused_headers(self):
        self.one({"cli/a.h": "#pragma once\n"}, "nobody includes this header")
        self.none({"cli/a.h": "#pragma once\n", "cli/a.cpp": '#include "a.h"\n'})


if __name__ == "__main__":
    unittest.main()
