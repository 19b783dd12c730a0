#include "runner/check_job.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace proveout {

namespace {

using Kind = CheckAnswer::Kind;

const char* kTool = R"({"number":1,"type":"flat","diameter":6,"flute_length":20,"stickout":35})";
const char* kStock = R"({"shape":"box","dims":[60,40,10],"origin":[-30,-20,-10]})";

std::string job_with(std::string_view program, std::string_view tools, std::string_view stock, std::string_view options = "{}") {
    return R"({"inline_gcode":")" + std::string(program) + R"(","tools":)" + std::string(tools) + R"(,"stock":)" + std::string(stock) +
           R"(,"options":)" + std::string(options) + "}";
}

CheckAnswer check(const std::string& job) {
    CheckRequest request;
    request.job_json = job;
    auto again = check_request_from(to_json(request));
    EXPECT_TRUE(again);
    auto answer = check_answer_from(to_json(check_job(*again, Context{})));
    EXPECT_TRUE(answer);
    return *answer;
}

std::string listed(std::string_view tool) { return "[" + std::string(tool) + "]"; }

}  // namespace

TEST(CheckJob, AGoodJobIsAccepted) {
    CheckAnswer answer = check(job_with("G21 G90 T1 M6\\nS9000 M3\\nG1 X5 Z-1 F300\\nM30", listed(kTool), kStock, R"({"timeout_s":77})"));
    EXPECT_EQ(answer.kind, Kind::kOk) << answer.message;
    EXPECT_EQ(answer.timeout_s, 77);
    EXPECT_EQ(check(job_with("G21 G90 T1 M6 (T1 D=6 FLAT END MILL)\\nS9000 M3\\nG1 X5 Z-1 F300\\nM30", R"("auto")", R"("auto")")).kind,
              Kind::kOk);
}

TEST(CheckJob, AllFaultsAtOnce) {
    CheckAnswer answer = check(R"({"inline_gcode":"M30","tools":[{"number":1,"type":"flat"}],"stock":{"shape":"box"},"colour":1})");
    ASSERT_EQ(answer.kind, Kind::kInvalid);
    std::string all;
    for (const Fault& fault : answer.faults) all += fault.pointer + " ";
    for (const char* pointer : {"/tools/0/diameter", "/stock/dims", "/stock/origin", "/colour"})
        EXPECT_NE(all.find(pointer), std::string::npos) << pointer << " in " << all;
}

TEST(CheckJob, AToolThatIsCalledMustBeListed) {
    CheckAnswer answer = check(job_with("G21 T2 M6\\nG1 X5 F300\\nM30", listed(kTool), kStock));
    ASSERT_EQ(answer.kind, Kind::kInvalid);
    EXPECT_EQ(answer.faults.at(0).pointer, "/tools");
    // A long program is read at its head only: the tool is missed there too.
    std::string program = "G21 T2 M6\\n";
    for (int i = 0; i < 20'000; ++i) program += i % 2 ? "G1 X5 F300\\n" : "G1 X6 F300\\n";
    answer = check(job_with(program, listed(kTool), kStock));
    ASSERT_EQ(answer.kind, Kind::kInvalid);
    EXPECT_EQ(answer.faults.at(0).pointer, "/tools");
}

TEST(CheckJob, AProgramThatCannotBeExecutedNamesTheLine) {
    CheckAnswer answer = check(job_with("G21\\nG1 X[1/0] F300\\nM30", listed(kTool), kStock));
    ASSERT_EQ(answer.kind, Kind::kUnprocessable);
    EXPECT_EQ(answer.diagnostics.at(0).line, 2);
    EXPECT_FALSE(answer.diagnostics.at(0).message.empty());
}

TEST(CheckJob, AGridThatDoesNotFitIsRefusedWithOneThatDoes) {
    CheckAnswer answer = check(
        job_with("G21\\nM30", listed(kTool), R"({"shape":"box","dims":[9000,9000,10],"origin":[0,0,0]})", R"({"resolution_mm":0.001})"));
    ASSERT_EQ(answer.kind, Kind::kTooLarge);
    EXPECT_GT(answer.estimate.bytes, answer.estimate.limit_bytes);
    std::string options = R"({"resolution_mm":)" + std::to_string(answer.estimate.resolution_mm) + "}";
    EXPECT_NE(check(job_with("G21\\nM30", listed(kTool), R"({"shape":"box","dims":[9000,9000,10],"origin":[0,0,0]})", options)).kind,
              Kind::kTooLarge);
}

TEST(CheckJob, AnswersOfAnotherFormAreNone) {
    CheckAnswer answer;
    answer.kind = Kind::kTooLarge;
    answer.estimate = {1, 2, 3, 4};
    std::string good = to_json(answer);
    ASSERT_TRUE(check_answer_from(good));
    EXPECT_EQ(check_answer_from(good)->estimate.resolution_mm, 4);
    for (const char* bad :
         {"", "[]", "{}", R"({"kind":0})", R"({"kind":0,"faults":[["/x"]],"diagnostics":[],"estimate":[[0,0,0,0]]})",
          R"({"kind":0,"faults":[],"diagnostics":[[1]],"estimate":[[0,0,0,0]]})",
          R"({"kind":0,"faults":[],"diagnostics":[],"estimate":[]})", R"({"kind":"0","faults":[],"diagnostics":[],"estimate":[[0,0,0,0]]})",
          R"({"kind":9,"faults":[],"diagnostics":[],"estimate":[[0,0,0,0]]})"})
        EXPECT_FALSE(check_answer_from(bad)) << bad;
    auto odd = check_answer_from(R"({"kind":1,"message":7,"faults":[[1,{}]],"diagnostics":[],"estimate":[["a",null,0,0]],"timeout_s":[]})");
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->faults.at(0).pointer, "");
}

TEST(CheckJob, UploadsThatAreNotThereAreFaultsAtTheirReference) {
    CheckRequest request;
    request.job_json = R"({"gcode_ref":"upl_1","tools":[],"stock":{"shape":"mesh","mesh_ref":"upl_2"}})";
    CheckAnswer answer = check_job(request, Context{});
    ASSERT_EQ(answer.kind, Kind::kInvalid);
    bool program = false, mesh = false;
    for (const Fault& fault : answer.faults) program |= fault.pointer == "/gcode_ref", mesh |= fault.pointer == "/stock/mesh_ref";
    EXPECT_TRUE(program && mesh);
}

}  // namespace proveout
