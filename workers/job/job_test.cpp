#include "job/job.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "job/lengths.h"
#include "job/spec.h"

namespace proveout {
namespace {

std::string file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string faults_text(const Error& error) {
    std::string out;
    for (const Fault& fault : error.faults) out += fault.pointer + ": " + fault.detail + "\n";
    return out;
}

JobRules http_rules() {
    JobRules rules;
    rules.require_program = true;
    rules.read_mesh = [](std::string_view ref) -> Result<std::vector<Triangle>> {
        return make_error(ErrorCode::kInvalidInput, std::string(ref) + " is not there");
    };
    return rules;
}

// tests/job/cases.json: document and the pointers of exactly the faults that it has.
TEST(JobDocument, CasesHaveExactlyTheirFaults) {
    auto cases = nlohmann::json::parse(file_text(PROVEOUT_SOURCE_DIR "/tests/job/cases.json"));
    ASSERT_GT(cases.size(), 40u);
    for (const auto& entry : cases) {
        SCOPED_TRACE(entry["name"].get<std::string>());
        JobRules rules = http_rules();
        rules.require_program = entry.value("http", false);
        std::string text = entry["document"].is_string() ? entry["document"].get<std::string>() : entry["document"].dump();
        auto job = read_job(text, rules);
        std::set<std::string> expected, found;
        for (const auto& pointer : entry["faults"]) expected.insert(pointer.get<std::string>());
        if (!job) {
            EXPECT_EQ(job.error().code, ErrorCode::kInvalidInput);
            for (const Fault& fault : job.error().faults) {
                found.insert(fault.pointer);
                EXPECT_FALSE(fault.detail.empty());
            }
        }
        EXPECT_EQ(found, expected) << (job ? "" : faults_text(job.error()));
        // What is read can be written and read again to the same job.
        if (job) {
            rules.require_program = false;
            std::string written = write_job(*job);
            auto again = read_job(written, rules);
            ASSERT_TRUE(again.ok()) << faults_text(again.error()) << written;
            EXPECT_EQ(write_job(*again), written);
        }
    }
}

TEST(JobDocument, EverythingIsInMillimetres) {
    auto job = read_job(R"({"tools":[{"number":7,"type":"drill","units":"inch","diameter":0.25,"flute_length":1,"stickout":2,
        "holder":[{"height":1,"lower_diameter":1,"upper_diameter":2}]}],
        "stock":{"shape":"cylinder","units":"inch","dims":[2,1],"origin":[1,0,-1]},
        "fixturing":[{"name":"jaw","units":"inch","shape":"box","dims":[1,1,1],"origin":[0,0,0]}],"fixture_offset":[10,0,0]})",
                        JobRules{});
    ASSERT_TRUE(job.ok()) << faults_text(job.error());
    const Tool& tool = job->setup.tools.at(0);
    EXPECT_DOUBLE_EQ(tool.diameter_mm, 6.35);
    EXPECT_DOUBLE_EQ(tool.included_angle_deg, 118);
    EXPECT_DOUBLE_EQ(tool.holder.at(0).upper_diameter_mm, 50.8);
    EXPECT_TRUE(job->tools_are_complete);
    EXPECT_DOUBLE_EQ(job->setup.stock->solid.dims_mm[0], 50.8);
    EXPECT_DOUBLE_EQ(job->setup.stock->solid.origin_mm.z, -25.4);
    EXPECT_DOUBLE_EQ(job->setup.fixtures.at(0).solid.origin_mm.x, 10);  // the offset is in mm
    EXPECT_DOUBLE_EQ(job->setup.fixtures.at(0).solid.dims_mm[2], 25.4);
}

TEST(JobDocument, MeshesGetUnitsAndOrigin) {
    JobRules rules;
    rules.read_mesh = [](std::string_view) -> Result<std::vector<Triangle>> {
        Vec3 o{0, 0, 0}, x{1, 0, 0}, y{0, 1, 0}, z{0, 0, 1};
        return std::vector<Triangle>{{o, y, x}, {o, x, z}, {o, z, y}, {x, y, z}};
    };
    auto job = read_job(R"({"stock":{"shape":"mesh","mesh_ref":"a.stl","units":"inch","origin":[0,0,1]}})", rules);
    ASSERT_TRUE(job.ok()) << faults_text(job.error());
    Box3 bounds = bounds_of(job->setup.stock->solid);
    EXPECT_DOUBLE_EQ(bounds.low.z, 25.4);
    EXPECT_DOUBLE_EQ(bounds.high.x, 25.4);
    rules.read_mesh = [](std::string_view) -> Result<std::vector<Triangle>> {
        return std::vector<Triangle>{{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}};
    };
    auto open = read_job(R"({"stock":{"shape":"mesh","mesh_ref":"a.stl"}})", rules);
    ASSERT_FALSE(open.ok());
    EXPECT_EQ(open.error().faults.at(0).pointer, "/stock/mesh_ref");
}

TEST(JobDocument, ManyFaultsAreCut) {
    std::string text = "{";
    for (int i = 0; i < 500; ++i) text += (i ? ",\"m" : "\"m") + std::to_string(i) + "\":1";
    auto job = read_job(text + "}", JobRules{});
    ASSERT_FALSE(job.ok());
    EXPECT_EQ(job.error().faults.size(), 100u);
}

TEST(JobDocument, AnyPrefixOfADocumentIsRefusedOrRead) {
    std::string text = file_text(PROVEOUT_SOURCE_DIR "/tests/job/cases.json");
    text = text.substr(1, text.find("\n", 2));
    for (size_t end = 0; end < text.size(); end += 3) (void)read_job(text.substr(0, end), JobRules{}).ok();
}

TEST(ToolSpec, AllKeys) {
    auto tool = parse_tool_spec("12:bull,d=1/2in,r=1,flute=20,shank=12,stickout=50,holder=30/20/32+10/40,flutes=4,rpm=12000,cc=0,h=-1.5");
    ASSERT_TRUE(tool.ok()) << faults_text(tool.error());
    EXPECT_EQ(tool->number, 12);
    EXPECT_EQ(tool->type, ToolType::kBull);
    EXPECT_DOUBLE_EQ(tool->diameter_mm, 12.7);
    EXPECT_DOUBLE_EQ(tool->corner_radius_mm, 1);
    ASSERT_EQ(tool->holder.size(), 2u);
    EXPECT_DOUBLE_EQ(tool->holder[0].upper_diameter_mm, 32);
    EXPECT_DOUBLE_EQ(tool->holder[1].upper_diameter_mm, 40);
    EXPECT_EQ(tool->flutes, 4);
    EXPECT_FALSE(tool->center_cutting);
    EXPECT_DOUBLE_EQ(tool->length_offset_mm, -1.5);
}

TEST(ToolSpec, EveryTypeOfTheContract) {
    for (const char* spec :
         {"1:flat,d=6,flute=20,shank=6,stickout=35", "1:ball,d=6", "1:bull,d=6,r=1", "1:vbit,d=6,angle=60,tip=0.2",
          "1:chamfer,d=6,angle=90", "1:drill,d=0.25in", "1:taper,d=6,taper=3,tip=1", "1:tslot,d=12,flute=3,neck=5",
          "1:dovetail,d=12,flute=3,angle=60,neck=5", "1:lollipop,d=8,neck=4", "1:face,d=50", "1:flat, d = 6 , flute = 20"}) {
        auto tool = parse_tool_spec(spec);
        EXPECT_TRUE(tool.ok()) << spec << " " << (tool ? "" : faults_text(tool.error()));
    }
}

TEST(ToolSpec, WrongOnesSayWhatIsAllowed) {
    for (const char* spec : {"",
                             "flat,d=6",
                             "1:",
                             "1:endmill,d=6",
                             "1:flat",
                             "1:flat,d=0",
                             "1:flat,d=-6",
                             "1:flat,d=nan",
                             "1:flat,d=inf",
                             "1:flat,d=6x",
                             "1:flat,d",
                             "1:flat,q=3",
                             "0:flat,d=6",
                             "1.5:flat,d=6",
                             "100000:flat,d=6",
                             "1:flat,d=6,flute=30,stickout=20",
                             "1:flat,d=6,holder=30/20/32",
                             "1:flat,d=6,stickout=30,holder=30",
                             "1:vbit,d=6",
                             "1:form,d=6",
                             "1:flat,d=10001",
                             "1:flat,d=6,cc=2",
                             "1:flat,d=1e308in"}) {
        auto tool = parse_tool_spec(spec);
        ASSERT_FALSE(tool.ok()) << spec;
        ASSERT_EQ(tool.error().faults.size(), 1u);
        EXPECT_EQ(tool.error().faults[0].pointer.substr(0, 6), "--tool");
        EXPECT_FALSE(tool.error().faults[0].detail.empty());
    }
}

TEST(StockSpec, Shapes) {
    auto box = parse_stock_spec("60x40x10@-30,-20,-10", {});
    ASSERT_TRUE(box.ok());
    EXPECT_EQ(bounds_of(box->stock->solid).low, (Vec3{-30, -20, -10}));
    EXPECT_EQ(bounds_of(box->stock->solid).high, (Vec3{30, 20, 0}));
    auto inches = parse_stock_spec("2inx1inx1/2in@0,0,-0.5in", {});
    ASSERT_TRUE(inches.ok());
    EXPECT_DOUBLE_EQ(inches->stock->solid.dims_mm[2], 12.7);
    auto cylinder = parse_stock_spec("cyl:d=50,h=20@0,0,-20", {});
    ASSERT_TRUE(cylinder.ok());
    EXPECT_EQ(cylinder->stock->solid.shape, StockShape::kCylinder);
    auto tube = parse_stock_spec("tube:d=50,i=30,h=20@0,0,0", {});
    ASSERT_TRUE(tube.ok());
    EXPECT_DOUBLE_EQ(tube->stock->solid.dims_mm[1], 30);
    auto automatic = parse_stock_spec("auto", {});
    ASSERT_TRUE(automatic.ok());
    EXPECT_FALSE(automatic->stock.has_value());
    std::string asked;
    MeshReader reader = [&](std::string_view ref) -> Result<std::vector<Triangle>> {
        asked = ref;
        Vec3 o{0, 0, 0}, x{1, 0, 0}, y{0, 1, 0}, z{0, 0, 1};
        return std::vector<Triangle>{{o, y, x}, {o, x, z}, {o, z, y}, {x, y, z}};
    };
    auto mesh = parse_stock_spec("some part.STL@1,2,3", reader);
    ASSERT_TRUE(mesh.ok());
    EXPECT_EQ(asked, "some part.STL");
    EXPECT_EQ(bounds_of(mesh->stock->solid).low, (Vec3{1, 2, 3}));
    EXPECT_TRUE(parse_stock_spec("a@b.stl", reader).ok());
    EXPECT_EQ(asked, "a@b.stl");
}

TEST(StockSpec, WrongOnes) {
    for (const char* spec :
         {"", "60x40", "60x40x10", "0x40x10@0,0,0", "60x40x10@0,0", "60x40xnan@0,0,0", "cyl:d=50@0,0,0", "cyl:d=50,i=3,h=1@0,0,0",
          "tube:d=30,i=50,h=1@0,0,0", "part.stl", "box", "60x40x10@0,0,1e9", "-60x40x10@0,0,0", "1e5x1x1@0,0,0"})
        EXPECT_FALSE(parse_stock_spec(spec, {}).ok()) << spec;
}

TEST(WcsSpec, Offsets) {
    auto first = parse_wcs_spec("G54=1,2in,-3");
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first->index, 0);
    EXPECT_EQ(first->zero_mm, (Vec3{1, 50.8, -3}));
    EXPECT_EQ(parse_wcs_spec("g59.3=0,0,0")->index, 8);
    for (const char* spec : {"", "G53=0,0,0", "G54", "G54=0,0", "G54=a,b,c", "G59.4=0,0,0"})
        EXPECT_FALSE(parse_wcs_spec(spec).ok()) << spec;
}

TEST(Lengths, Forms) {
    EXPECT_EQ(parse_length("6"), 6);
    EXPECT_EQ(parse_length(" 6 mm "), 6);
    EXPECT_EQ(parse_length("1/4\""), 6.35);
    EXPECT_DOUBLE_EQ(*parse_length("1-1/2 in"), 38.1);
    EXPECT_EQ(parse_length(".5"), .5);
    EXPECT_EQ(parse_length("2", 25.4), 50.8);
    for (const char* text : {"", "mm", "1/0in", "1//2", "--1", "0x10", "1,5", "nan", "inf", "1e999", "6 cm"})
        EXPECT_FALSE(parse_length(text)) << text;
    EXPECT_EQ(number_text(0.1), "0.1");
    EXPECT_EQ(number_text(1e300), "1e+300");
}

}  // namespace
}  // namespace proveout
