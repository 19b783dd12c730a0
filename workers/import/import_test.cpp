#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "import/infer.h"
#include "import/project.h"
#include "import/quantities.h"
#include "import/tools.h"

namespace proveout {
namespace {

std::string faults_text(const Error& error) {
    std::string out = error.message + "\n";
    for (const Fault& fault : error.faults) out += fault.pointer + ": " + fault.detail + "\n";
    return out;
}

// A comment in a program and the tool that it must give: "" none, "T1 flat 6" number, type, diameter in mm, then r, a(ngle), tip.
struct CommentCase {
    const char* program;
    const char* tool;
};

std::string summary(const ProgramNotes& notes) {
    std::string out;
    for (const NotedTool& noted : notes.tools) {
        char text[120];
        std::snprintf(text, sizeof text, "%sT%d %s %.4g", out.empty() ? "" : "; ", noted.tool.number,
                      std::string(name_of(noted.tool.type)).c_str(), noted.tool.diameter_mm);
        out += text;
        if (noted.tool.corner_radius_mm > 0) std::snprintf(text, sizeof text, " r%.4g", noted.tool.corner_radius_mm), out += text;
        if (noted.tool.included_angle_deg > 0) std::snprintf(text, sizeof text, " a%.4g", noted.tool.included_angle_deg), out += text;
        if (noted.tool.tip_diameter_mm > 0) std::snprintf(text, sizeof text, " tip%.4g", noted.tool.tip_diameter_mm), out += text;
    }
    return out;
}

TEST(Comments, ToolsAsPostsWriteThem) {
    const CommentCase kCases[] = {
        // Fusion / HSM
        {"(T1 D=3.175 CR=0. - ZMIN=-4.2 - flat end mill)\nG21", "T1 flat 3.175"},
        {"(T1  D=0.25 CR=0 - ZMIN=-1 - flat end mill)\nG20", "T1 flat 6.35"},
        {"(T6  Spiral O Metal 3.175*12mm  Makera    D=3.175 CR=0. - ZMIN=-26. - flat end mill)", "T6 flat 3.175"},
        {"(T3 D=0.125 CR=0.0625 - ZMIN=-0.54 - BALL END MILL)\nG20 T3 M6", "T3 ball 3.175"},
        {"(T4 D=10. CR=1. - ZMIN=-5. - bull nose end mill)", "T4 bull 10 r1"},
        {"(T5 D=6. CR=0. TAPER=45deg - ZMIN=-1. - chamfer mill)", "T5 chamfer 6 a90"},
        {"(T2 D=5. CR=0. TAPER=118deg - ZMIN=-10. - drill)", "T2 drill 5 a118"},
        {"(T2 D=5. CR=0. - ZMIN=-10. - drill)", "T2 drill 5 a118"},
        {"(T7 D=8. CR=0. TAPER=90deg - ZMIN=-1. - spot drill)", "T7 drill 8 a90"},
        {"(T8 D=50. CR=0.8 - ZMIN=0. - face mill)", "T8 face 50 r0.8"},
        {"(T9 D=6. CR=0. TAPER=3deg - ZMIN=0. - tapered mill)", ""},
        {"(T9 D=6. CR=0. - ZMIN=0. - bull nose end mill)", ""},
        {"(T9 D=12. CR=0. - ZMIN=0. - dovetail mill)", ""},
        {"(flat end mill D=6. - 6.0mm Flat Endmill 3F)\nT2 M6", "T2 flat 6"},
        {"(T1 D=6. CR=0. - flat end mill)\n(T2 D=3. CR=0. - flat end mill)", "T1 flat 6; T2 flat 3"},
        // CutViewer
        {"(TOOL/MILL,6,0,20,0)\nT1M6", "T1 flat 6"},
        {"(TOOL/MILL, 6, 3, 20, 0)\nT4 M6", "T4 ball 6"},
        {"(TOOL/MILL,0.2,0,10,15.0)\nT1M6", "T1 vbit 5.559 a30 tip0.2"},
        {"(TOOL/DRILL,5,118,30)\nT3M6", "T3 drill 5 a118"},
        {"(TOOL/CHAMFER,6,90,5)\nT3M6", "T3 chamfer 6 a90"},
        // Plain words
        {"(Tool: 1/4\" 2-flute HSS end mill)\nT1 M6", "T1 flat 6.35"},
        {"(Tool: 1/8 in Carbide End Mill)\nT2 M6", "T2 flat 3.175"},
        {"( T1 = End Mill 4 mm )", "T1 flat 4"},
        {"( T239 |  1/2 FLAT ENDMILL | H239 )\nG20\nT239 M6", "T239 flat 12.7"},
        {"( TOOL 17 - 3/8 EM - DESC: 0.3771 DIA, 2 FLUTE,  CARBIDE MAT )\nG20", "T17 flat 9.578"},
        {"(TOOL: V-BIT {90 DEG 0.5\"})\nT1 M6", "T1 vbit 12.7 a90"},
        {"(60deg. 1/2\" V bit)\nT1 M6", "T1 vbit 12.7 a60"},
        {"(TOOL DIA. 4)\nT1 M6", "T1 flat 4"},
        {"(TOOL DIA.0.75)\nG20 T1 M6", "T1 flat 19.05"},
        {"(Tool-Diameter: 4.0mm)\nG0 X0", "T0 flat 4"},
        {"(Turret No. :   0   Diameter :6.350     MM   BALLNOSE  )\nT1", "T1 ball 6.35"},
        {"( 10. END_MILL_SPHER DIA. 10. )\nT1", "T1 ball 10"},
        {"( and Cutter is assumed to be a 10mm ball nose )\nT1M6", "T1 ball 10"},
        {"(MSG, Change tool bit to cutter diameter 0.05906in)\nG20", "T0 flat 1.5"},
        {"T3 M6\n\n\n\n\n(Compensated Tool Path. Diameter: 6.0)\nG0 X0", "T3 flat 6"},
        // No tools
        {"(150mm DIA CIRCLE USING ARCS)", ""},
        {"(drill three bolt holes on a 5\" diameter)", ""},
        {"(Tool step over: 0.3mm)", ""},
        {"(Cutter does not descend more than 0.94\" below top)", ""},
        {"(tool change at 0.0000  0.0000  10.0000)", ""},
        {"(DRILL #4)\nT1M6", ""},
        {"(Tool 8 = .250 Vee bit)\nT8 M6", ""},
        {"(MSG, Change tool bit to mill diameter 0.00000in)", ""},
        {"(tool length change must happen with b,c=0)", ""},
        {"(o100 call [x pos] [y pos] [safety height] [hole depth] [hole dia] [tool dia])", ""},
        {"(T1 D=nan CR=0. - flat end mill)", ""},
        {"(T1 D=0. CR=0. - flat end mill)", ""},
        {"(T1 D=1e9 CR=0. - flat end mill)", ""},
        // Contradictions are no tool
        {"(TOOL/MILL,0.1,0.05,0,0)\n(TOOL/MILL,6,0,0,0)", ""},
        {"(T1 D=6. CR=0. - flat end mill)\n(T1 D=8. CR=0. - flat end mill)", ""},
        {"(T1 D=6. CR=0. - flat end mill)\n(T1 D=6. CR=0. - flat end mill)", "T1 flat 6"},
    };
    for (const CommentCase& entry : kCases) {
        EXPECT_EQ(summary(read_notes(scan_program(entry.program))), entry.tool) << entry.program;
    }
}

TEST(Comments, UnclearToolsSayWhy) {
    ProgramNotes notes = read_notes(scan_program("(Tool 8 = .250 Vee bit)\nT8 M6"));
    ASSERT_EQ(notes.unclear_tools.size(), 1u);
    EXPECT_EQ(notes.unclear_tools[0].first, 8);
    EXPECT_NE(notes.unclear_tools[0].second.find("angle"), std::string::npos);
}

TEST(Comments, StockBlockAndMinMax) {
    ProgramNotes block = read_notes(scan_program("G21\n(STOCK/BLOCK, 100, 80, 20, 10, 5, 20)\n"));
    ASSERT_TRUE(block.stock.has_value());
    Box3 box = bounds_of(block.stock->solid);
    EXPECT_EQ(box.low, (Vec3{-10, -5, -20}));
    EXPECT_EQ(box.high, (Vec3{90, 75, 0}));
    ProgramNotes carbide = read_notes(scan_program("(stockMin:0.00mm, 0.00mm, -12.70mm)\n(stockMax:101.60mm, 76.20mm, 0.00mm)\nG20"));
    ASSERT_TRUE(carbide.stock.has_value());
    EXPECT_EQ(bounds_of(carbide.stock->solid).high, (Vec3{101.6, 76.2, 0}));
    EXPECT_NEAR(bounds_of(carbide.stock->solid).low.z, -12.7, 1e-12);
    EXPECT_FALSE(read_notes(scan_program("(stockMin:0mm, 0mm, 0mm)\n(stockMax:0mm, 1mm, 1mm)")).stock.has_value());
    EXPECT_FALSE(read_notes(scan_program("(STOCK/BLOCK, 100, 80)")).stock.has_value());
}

TEST(Scan, LinesToolsAndUnits) {
    std::string text = "%\n(one)\nN10 G20 T5M6 ; two\nG1 X#<t9> T [3]\n";
    while (text.size() < 20000) text += "G1 X1 Y2\n";
    int64_t line = std::count(text.begin(), text.end(), '\n') + 1;
    text += "N1 t 12 (late)\nG21 (mm)";
    ProgramScan scan = scan_program(text);
    ASSERT_EQ(scan.comments.size(), 4u);
    EXPECT_EQ(scan.comments[0].line, 2);
    EXPECT_EQ(scan.comments[0].unit_mm, 25.4);
    EXPECT_EQ(scan.comments[2].line, line);
    EXPECT_EQ(scan.comments[2].text, "late");
    EXPECT_EQ(scan.comments[3].unit_mm, 1);
    ASSERT_EQ(scan.tool_words.size(), 2u);
    EXPECT_EQ(scan.tool_words[0].number, 5);
    EXPECT_EQ(scan.tool_words[1].number, 12);
    EXPECT_EQ(scan.tool_words[1].line, line);
}

TEST(ToolTable, LinesInAnyOrder) {
    auto table = read_tool_table("T1 P1 Z0.5 D0.25 ; quarter inch\n\n; remark\nP3 D+.125 T3\nT9 P9 Z1\nT0 P0\n", 25.4);
    ASSERT_TRUE(table.ok()) << faults_text(table.error());
    ASSERT_EQ(table->tools.size(), 2u);
    EXPECT_DOUBLE_EQ(table->tools[0].diameter_mm, 6.35);
    EXPECT_DOUBLE_EQ(table->tools[0].length_offset_mm, 12.7);
    EXPECT_EQ(table->tools[0].comment, "quarter inch");
    EXPECT_EQ(table->tools[1].number, 3);
    EXPECT_GE(table->assumptions.size(), 2u);  // units and shapes; T9 without a diameter
    for (const char* text : {"D6 P1", "T1 D6", "T1 P1 D6 D7", "T1 P1 D6\nT1 P2 D6", "T1.5 P1 D6", "T1 P1 Dx", "hello", "T1 P1 D20000"}) {
        auto bad = read_tool_table(text, 1);
        ASSERT_FALSE(bad.ok()) << text;
        EXPECT_EQ(bad.error().faults[0].pointer.substr(0, 5), "line ");
    }
}

constexpr const char* kFusion = R"({"data":[
 {"type":"flat end mill","unit":"millimeters","description":"6mm","geometry":{"DC":6,"LCF":20,"SFDM":6,"LB":35,"NOF":3},
  "post-process":{"number":1},"holder":{"segments":[{"height":30,"lower-diameter":20,"upper-diameter":32}]},
  "start-values":{"presets":[{"n":18000}]}},
 {"type":"bull nose end mill","unit":"inches","geometry":{"DC":0.5,"RE":0.03,"LCF":1,"LB":2},"post-process":{"number":2}},
 {"type":"drill","expressions":{"tool_unit":"'inches'"},"geometry":{"DC":"0.25 in","SIG":135,"LCF":1},"post-process":{"number":3}},
 {"type":"chamfer mill","unit":"millimeters","geometry":{"DC":10,"TA":45,"tip-diameter":1,"LCF":5},"post-process":{"number":4}},
 {"type":"tapered mill","unit":"millimeters","geometry":{"DC":2,"TA":5,"LCF":10},"post-process":{"number":5}},
 {"type":"waterjet","unit":"millimeters","geometry":{"DC":1},"post-process":{"number":6}},
 {"type":"holder","description":"ER16"}]})";

void check_fusion(const Result<ImportedTools>& library) {
    ASSERT_TRUE(library.ok()) << faults_text(library.error());
    ASSERT_EQ(library->tools.size(), 5u);
    const Tool& first = library->tools[0];
    EXPECT_EQ(first.holder.size(), 1u);
    EXPECT_EQ(first.flutes, 3);
    EXPECT_EQ(first.stickout_mm, 35);
    EXPECT_EQ(first.spindle_rpm, 18000);
    EXPECT_NEAR(library->tools[1].corner_radius_mm, 0.762, 1e-9);
    EXPECT_NEAR(library->tools[2].diameter_mm, 6.35, 1e-9);
    EXPECT_EQ(library->tools[2].included_angle_deg, 135);
    EXPECT_EQ(library->tools[3].included_angle_deg, 90);
    EXPECT_NEAR(library->tools[4].diameter_mm, 2 + 20 * std::tan(5 * kPi / 180), 1e-9);
    EXPECT_EQ(library->assumptions.size(), 1u);  // the waterjet
}

TEST(Fusion, Library) { check_fusion(import_tools(kFusion, "library.json", 1)); }

TEST(Fusion, FaultsNameTheTool) {
    auto bad = read_fusion_library(R"({"data":[{"type":"flat end mill","geometry":{},"post-process":{"number":1}}]})");
    ASSERT_FALSE(bad.ok());
    EXPECT_EQ(bad.error().faults[0].pointer, "/data/0/diameter");
    EXPECT_FALSE(read_fusion_library(R"({"data":5})").ok());
}

// A ZIP with one deflated member, as Fusion writes .tools files.
std::string zip_of(const std::string& name, const std::string& text) {
    std::string packed(text.size() + 100, '\0');
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    auto number = [](size_t value, int bytes) {
        std::string out;
        for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
        return out;
    };
    std::string sizes = number(0, 4) + number(packed.size(), 4) + number(text.size(), 4) + number(name.size(), 2) + number(0, 2);
    std::string local = "PK\x03\x04" + number(20, 2) + number(0, 2) + number(8, 2) + number(0, 4) + sizes + name + packed;
    std::string central = "PK\x01\x02" + number(20, 2) + number(20, 2) + number(0, 2) + number(8, 2) + number(0, 4) + sizes + number(0, 2) +
                          number(0, 2) + number(0, 2) + number(0, 4) + number(0, 4) + name;
    return local + central + "PK\x05\x06" + number(0, 4) + number(1, 2) + number(1, 2) + number(central.size(), 4) +
           number(local.size(), 4) + number(0, 2);
}

TEST(Fusion, ToolsFileIsAZip) {
    std::string zip = zip_of("tools.json", kFusion);
    check_fusion(import_tools(zip, "library.tools", 1));
    for (size_t cut = 4; cut < zip.size(); cut += 7) EXPECT_FALSE(import_tools(zip.substr(0, cut), "library.tools", 1).ok());
    for (size_t at = 0; at < zip.size(); at += 3) {
        std::string broken = zip;
        broken[at] = static_cast<char>(broken[at] ^ 0x55);
        (void)import_tools(broken, "library.tools", 1).ok();  // refused or read, never a crash
    }
}

TEST(Project, JsonAndXmlAgree) {
    auto json = read_project(R"({"units":"metric","resolution-mode":"manual","resolution":0.25,"tools":{
        "1":{"units":"metric","shape":"cylindrical","length":22,"diameter":6},
        "2":{"units":"imperial","shape":"conical","length":0.25,"diameter":0.5}},
        "workpiece":{"automatic":false,"bounds":{"min":[0,0,-12],"max":[60,50,0]}},"files":["op 1.nc"]})",
                             "a.camotics");
    ASSERT_TRUE(json.ok()) << faults_text(json.error());
    auto xml =
        read_project(R"xml(<camotics><units v="MM"/><resolution-mode v="MANUAL"/><resolution v="0.25"/><automatic-workpiece v="false"/>
        <workpiece-min v="(0,0,-12)"/><workpiece-max v="(60,50,0)"/><tool_table>
        <tool number="1" units="MM" shape="CYLINDRICAL" length="22" radius="3">x</tool>
        <tool number="2" units="INCH" shape="CONICAL" length=".25" radius=".25"/></tool_table>
        <nc-files>op%201.nc</nc-files></camotics>)xml",
                     "a.xml");
    ASSERT_TRUE(xml.ok()) << faults_text(xml.error());
    for (const Project* project : {&*json, &*xml}) {
        ASSERT_EQ(project->tools.size(), 2u);
        EXPECT_EQ(project->tools[0].type, ToolType::kFlat);
        EXPECT_EQ(project->tools[0].flute_length_mm, 22);
        EXPECT_NEAR(project->tools[1].diameter_mm, 12.7, 1e-9);
        EXPECT_NEAR(project->tools[1].included_angle_deg, 90, 1e-9);
        EXPECT_EQ(project->bounds_mm->low, (Vec3{0, 0, -12}));
        EXPECT_EQ(project->files, std::vector<std::string>{"op 1.nc"});
        EXPECT_EQ(project->resolution_mm, 0.25);
    }
}

TEST(Project, Faults) {
    auto bad = read_project(
        R"({"tools":{"1":{"shape":"bullnose","diameter":3},"x":{},"2":{"diameter":"3"}},
        "workpiece":{"bounds":{"min":[0,0,0],"max":[1,1,0]}}})",
        "a");
    ASSERT_FALSE(bad.ok());
    std::vector<std::string> pointers;
    for (const Fault& fault : bad.error().faults) pointers.push_back(fault.pointer);
    EXPECT_NE(std::find(pointers.begin(), pointers.end(), "/tools/1/shape"), pointers.end());
    EXPECT_NE(std::find(pointers.begin(), pointers.end(), "/tools/x"), pointers.end());
    EXPECT_NE(std::find(pointers.begin(), pointers.end(), "/tools/2/diameter"), pointers.end());
    EXPECT_NE(std::find(pointers.begin(), pointers.end(), "/workpiece/bounds"), pointers.end());
    EXPECT_FALSE(read_project("<html></html>", "a.xml").ok());
    EXPECT_FALSE(read_project("", "a.xml").ok());
    EXPECT_FALSE(read_project("not a project", "a.camotics").ok());
}

Survey cutting_survey(Vec3 low, Vec3 high) {
    Survey survey;
    survey.cutting_bounds_mm.add(low);
    survey.cutting_bounds_mm.add(high);
    survey.cutting_bounds_by_tool_mm = {{1, survey.cutting_bounds_mm}};
    survey.tools_used = {1};
    survey.end.units_given = true;
    return survey;
}

TEST(Infer, StockFromMotion) {
    proveout::Setup setup;
    setup.dialect = Dialect::kGrbl;
    Tool tool;
    tool.diameter_mm = 6;
    tool.flute_length_mm = 20;
    setup.tools = {tool};
    std::vector<std::string> assumptions;
    ASSERT_TRUE(fill_from_survey(cutting_survey({0, 0, -10}, {50, 40, 5}), {}, {}, setup, assumptions).ok());
    Box3 box = bounds_of(setup.stock->solid);
    EXPECT_EQ(box.low, (Vec3{-3, -3, -11}));
    EXPECT_EQ(box.high, (Vec3{53, 43, 0}));
    ASSERT_EQ(assumptions.size(), 1u);
    EXPECT_NE(assumptions[0].find("top at Z0"), std::string::npos);
    setup.stock.reset();
    ASSERT_TRUE(fill_from_survey(cutting_survey({0, 0, 10}, {50, 40, 30}), {}, {}, setup, assumptions).ok());
    EXPECT_EQ(bounds_of(setup.stock->solid).high.z, 30);
    EXPECT_EQ(bounds_of(setup.stock->solid).low.z, 9);
}

TEST(Infer, UnknownFlutesAreSaid) {
    proveout::Setup setup;
    Tool tool;
    tool.diameter_mm = 6;
    setup.tools = {tool};
    setup.stock = Stock{{StockShape::kBox, {10, 10, 10}, {}, {}}, ""};
    std::vector<std::string> assumptions;
    ASSERT_TRUE(fill_from_survey(cutting_survey({0, 0, 1}, {5, 5, 5}), {}, {}, setup, assumptions).ok());
    ASSERT_EQ(assumptions.size(), 1u);
    EXPECT_NE(assumptions[0].find("flute length not given"), std::string::npos);
}

TEST(Infer, UndefinedToolIsAnError) {
    proveout::Setup setup;
    std::vector<std::string> assumptions;
    ProgramScan scan = scan_program("G21\n(Tool 4 = V bit 6mm)\nT4 M6\n");
    Survey survey = cutting_survey({0, 0, -1}, {1, 1, 0});
    survey.tools_used = {4};
    auto status = fill_from_survey(survey, scan, read_notes(scan), setup, assumptions);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidInput);
    EXPECT_NE(status.error().message.find("TOOL_UNDEFINED"), std::string::npos);
    EXPECT_NE(status.error().message.find("angle"), std::string::npos);
    EXPECT_EQ(status.error().line, 3);
    EXPECT_EQ(status.error().faults.at(0).pointer, "/tools");
}

TEST(Infer, NothingIsAddedToACompleteList) {
    ProgramNotes notes = read_notes(scan_program("(T1 D=6. CR=0. - flat end mill)\n(T2 D=3. CR=0. - flat end mill)"));
    proveout::Setup setup;
    std::vector<std::string> assumptions;
    use_notes(notes, {true, false}, setup, assumptions);
    EXPECT_TRUE(setup.tools.empty());
    Tool own;
    own.number = 2, own.diameter_mm = 4;
    setup.tools = {own};
    use_notes(notes, {}, setup, assumptions);
    ASSERT_EQ(setup.tools.size(), 2u);
    EXPECT_EQ(setup.tools[1].diameter_mm, 4);  // what is given holds
    EXPECT_EQ(assumptions.size(), 1u);
}

TEST(Infer, NoCuttingMoveGivesNoStock) {
    proveout::Setup setup;
    setup.tools = {Tool{}};
    Survey survey;
    std::vector<std::string> assumptions;
    auto status = fill_from_survey(survey, {}, {}, setup, assumptions);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().faults.at(0).pointer, "/stock");
}

}  // namespace
}  // namespace proveout
