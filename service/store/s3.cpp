#include "store/s3.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <thread>

#include "domain/ids.h"
#include "files/content_type.h"
#include "files/digest.h"
#include "store/disk.h"
#include "store/http_client.h"
#include "store/links.h"
#include "store/sigv4.h"

namespace proveout {

namespace {

constexpr int kTries = 3;                         // of a request that found no answer, or 5xx
constexpr int64_t kUploadKept_ms = 3600 * 1000;   // an unfinished multipart upload: longer than any takes
constexpr int64_t kPrivacyLooked_ms = 60 * 1000;  // how long an answer to "is the bucket private" holds
constexpr const char* kFenceHeader = "x-amz-meta-fence";

// Text of all <tag> elements; entities of the keys and tokens that occur are decoded.
std::vector<std::string> xml_values(const std::string& xml, const std::string& tag) {
    std::vector<std::string> values;
    std::string open = "<" + tag + ">", close = "</" + tag + ">";
    for (size_t at = xml.find(open); at != std::string::npos; at = xml.find(open, at)) {
        size_t start = at + open.size(), end = xml.find(close, start);
        if (end == std::string::npos) break;
        std::string value = xml.substr(start, end - start);
        constexpr std::pair<const char*, const char*> kEntities[] = {{"&lt;", "<"},   {"&gt;", ">"},  {"&quot;", "\""}, {"&#34;", "\""},
                                                                     {"&apos;", "'"}, {"&#39;", "'"}, {"&amp;", "&"}};
        for (auto [entity, text] : kEntities)
            for (size_t found = value.find(entity); found != std::string::npos; found = value.find(entity, found + 1))
                value.replace(found, std::string_view(entity).size(), text);
        values.push_back(value);
        at = end;
    }
    return values;
}

std::string first_of(const std::vector<std::string>& values) { return values.empty() ? std::string() : values[0]; }

Error refused(const std::string& doing, const HttpAnswer& answer) {
    std::string code = first_of(xml_values(answer.body, "Code"));
    return make_error(ErrorCode::kIo,
                      "the object store refuses to " + doing + ": " + std::to_string(answer.status) + (code.empty() ? "" : " " + code));
}

Status check_key(std::string_view key) {
    if (!is_object_key(key)) return make_error(ErrorCode::kIo, "not a key of the store: " + std::string(key));
    return Unit{};
}

Result<std::string> sha256_of_file(int file) {
    Sha256 hash;
    std::vector<char> buffer(1 << 20);
    ssize_t got = 0;
    while ((got = read(file, buffer.data(), buffer.size())) > 0) hash.add({buffer.data(), static_cast<size_t>(got)});
    if (got < 0 || lseek(file, 0, SEEK_SET) != 0) return io_error("cannot read a file");
    return hex(hash.finish());
}

struct Endpoint {
    std::string base, host;  // "http://minio:9000", "minio:9000"
};

Result<Endpoint> parse_endpoint(std::string text) {
    while (!text.empty() && text.back() == '/') text.pop_back();
    size_t mark = text.find("://");
    std::string scheme = text.substr(0, mark), host = mark == std::string::npos ? "" : text.substr(mark + 3);
    if ((scheme != "http" && scheme != "https") || host.empty() || host.find_first_of("/?#@ ") != std::string::npos)
        return make_error(ErrorCode::kInvalidInput, "not an endpoint (scheme://host[:port]): " + text);
    std::string own = scheme == "http" ? ":80" : ":443";  // never sent
    if (host.ends_with(own)) host.resize(host.size() - own.size());
    return Endpoint{scheme + "://" + host, host};
}

class S3Store : public ArtefactStore {
  public:
    S3Store(S3Options options, Endpoint inside, Endpoint outside)
        : options_(std::move(options)),
          keys_{options_.access_key, options_.secret_key, options_.region},
          inside_(std::move(inside)),
          outside_(std::move(outside)) {}

    Result<std::string> check() override {
        HttpAnswer answer = TRY(call("HEAD", "", {}));
        if (answer.status == 404) return make_error(ErrorCode::kIo, "there is no bucket " + options_.bucket + "; make it, private");
        if (!answer.ok()) return refused("show the bucket " + options_.bucket, answer);
        TRY(check_private());
        return "bucket " + options_.bucket + " at " + inside_.base;
    }

    Status stage(const std::string& prefix, int64_t fence, const std::string& name, const std::string& file, const std::string& sha256,
                 const std::string& content_type) override {
        TRY(check_key(prefix));
        TRY(check_key(name));
        return upload(staged_folder(prefix, fence) + name, file, sha256, content_type, {{kFenceHeader, std::to_string(fence)}});
    }

    Status publish(const std::string& prefix, int64_t fence, const std::vector<std::string>& names) override {
        TRY(check_key(prefix));
        for (const std::string& name : names) TRY(check_key(name));
        std::vector<std::string> staged = TRY(list(staged_folder(prefix, fence)));
        std::vector<std::string> there = TRY(list(prefix + "/"));
        for (const std::string& key : there)
            if (TRY(fence_of(key)) > fence) return make_error(ErrorCode::kIo, "a later attempt has published its artefacts");
        for (const std::string& name : names) {
            std::string from = staged_folder(prefix, fence) + name;
            bool waits = std::find(staged.begin(), staged.end(), from) != staged.end();
            if (!waits && TRY(fence_of(prefix + "/" + name)) != fence) return make_error(ErrorCode::kIo, name + " has not been staged");
            if (waits) TRY(copy(from, prefix + "/" + name));
        }
        for (const std::string& key : there)
            if (std::find(names.begin(), names.end(), key.substr(prefix.size() + 1)) == names.end()) TRY(remove_object(key));
        for (const std::string& key : staged) TRY(remove_object(key));
        return Unit{};
    }

    Status discard(const std::string& prefix, int64_t fence) override {
        TRY(check_key(prefix));
        return remove_all(staged_folder(prefix, fence));
    }

    Status put(const std::string& key, const std::string& file, const std::string& sha256, const std::string& content_type) override {
        TRY(check_key(key));
        return upload(key, file, sha256, content_type, {});
    }

    Status get(const std::string& key, const std::string& file) override {
        TRY(check_key(key));
        Descriptor target(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!target) return io_error("cannot make " + file);
        HttpCall request;
        request.answer_file = target.get();
        auto answer = call("GET", key, {}, {}, std::move(request));
        if (answer.ok() && answer->ok()) return Unit{};
        ::unlink(file.c_str());  // or the next try would find it there
        return answer.ok() ? refused("give " + key, *answer) : answer.error();
    }

    Status remove(const std::string& key) override {
        TRY(check_key(key));
        return remove_object(key);
    }

    Status remove_folder(const std::string& prefix) override {
        TRY(check_key(prefix));
        TRY(remove_all(prefix + "/"));
        return remove_all(staged_root() + relative(prefix) + "/");
    }

    Result<std::string> link(const std::string& key, const LinkOptions& options) override {
        TRY(check_key(key));
        std::string filename = options.filename.empty() ? name_of_key(key) : options.filename;
        std::replace_if(
            filename.begin(), filename.end(), [](unsigned char c) { return c < ' ' || c == '"' || c == '\\' || c > '~'; }, '_');
        SigV4Request request{"GET", outside_.host, "/" + options_.bucket + "/" + key, {}, {}, ""};
        request.query = {
            {"response-content-disposition", (options.attachment ? "attachment" : "inline") + ("; filename=\"" + filename + "\"")},
            {"response-content-type", options.content_type.empty() ? content_type_of(key) : options.content_type}};
        return outside_.base + percent_encode(request.path, true) + "?" + presigned_query(request, keys_, options_.clock(), options.ttl_s);
    }

    Status sweep(const std::function<bool(const std::string& prefix, int64_t fence)>& live) override {
        std::vector<std::string> staged = TRY(list(staged_root()));
        for (const std::string& key : staged) {
            size_t mark = key.find("/f", staged_root().size());
            std::string prefix = options_.prefix + key.substr(staged_root().size(), mark - staged_root().size());
            for (; mark != std::string::npos; mark = key.find("/f", mark + 1)) {  // ".../f3/out.mp4": digits and a slash
                int64_t fence = 0;
                auto [end, fault] = std::from_chars(key.data() + mark + 2, key.data() + key.size(), fence);
                if (fault != std::errc() || *end != '/') continue;
                prefix = options_.prefix + key.substr(staged_root().size(), mark - staged_root().size());
                if (!live(prefix, fence)) TRY(remove_object(key));
                break;
            }
        }
        return sweep_uploads();
    }

  private:
    std::string staged_root() const { return options_.prefix + "staged/"; }
    std::string relative(const std::string& prefix) const {
        return prefix.starts_with(options_.prefix) ? prefix.substr(options_.prefix.size()) : prefix;
    }
    std::string staged_folder(const std::string& prefix, int64_t fence) const {
        return staged_root() + relative(prefix) + "/f" + std::to_string(fence) + "/";
    }

    // One signed request; key "": the bucket. Tried again when there was no answer, or 5xx, and nothing has been read from a file.
    Result<HttpAnswer> call(const std::string& method, const std::string& key, const NameValues& query, NameValues headers = {},
                            HttpCall request = {}) {
        SigV4Request to_sign{method, inside_.host, "/" + options_.bucket + (key.empty() ? "" : "/" + key), query, std::move(headers), ""};
        if (to_sign.payload_sha256.empty()) {
            auto given = std::find_if(to_sign.headers.begin(), to_sign.headers.end(),
                                      [](const auto& header) { return header.first == "x-amz-content-sha256"; });
            to_sign.payload_sha256 = given != to_sign.headers.end() ? given->second : sha256_hex(request.body);
            if (given == to_sign.headers.end()) to_sign.headers.emplace_back("x-amz-content-sha256", to_sign.payload_sha256);
        }
        request.method = method;
        std::string text = encoded_query(query);
        request.url = inside_.base + percent_encode(to_sign.path, true) + (text.empty() ? "" : "?" + text);
        bool once = request.body_file >= 0 || request.answer_file >= 0;
        for (int i = 1;; ++i) {
            request.headers = to_sign.headers;
            for (auto& header : sign_headers(to_sign, keys_, options_.clock())) request.headers.push_back(std::move(header));
            auto answer = client_.send(request);
            if (i == kTries || once || (answer.ok() && answer->status < 500)) return answer;
            std::this_thread::sleep_for(std::chrono::milliseconds(100 * i));
        }
    }

    Status upload(const std::string& key, const std::string& file, const std::string& sha256, const std::string& content_type,
                  NameValues headers) {
        int64_t size = 0;
        Descriptor source = TRY(open_source(file, size));
        headers.emplace_back("content-type", content_type.empty() ? content_type_of(key) : content_type);
        if (size > options_.multipart_above_bytes) return upload_in_parts(key, source.get(), sha256, headers);
        headers.emplace_back("x-amz-content-sha256", sha256.empty() ? TRY(sha256_of_file(source.get())) : sha256);
        HttpCall request;
        request.body_file = source.get();
        request.body_bytes = size;
        HttpAnswer answer = TRY(call("PUT", key, {}, headers, std::move(request)));
        if (!answer.ok()) return refused("take " + key, answer);
        return Unit{};
    }

    Status upload_in_parts(const std::string& key, int source, const std::string& sha256, const NameValues& headers) {
        HttpAnswer started = TRY(call("POST", key, {{"uploads", ""}}, headers));
        std::string id = first_of(xml_values(started.body, "UploadId"));
        if (!started.ok() || id.empty()) return refused("begin an upload of " + key, started);
        Status done = send_parts(key, source, sha256, id);
        if (!done.ok()) (void)call("DELETE", key, {{"uploadId", id}}).ok();
        return done;
    }

    // The whole file's checksum is compared before the upload is completed, which alone makes the object appear.
    Status send_parts(const std::string& key, int source, const std::string& sha256, const std::string& id) {
        if (!sha256.empty() && TRY(sha256_of_file(source)) != sha256)
            return make_error(ErrorCode::kIo, key + " has changed since its checksum was taken");
        std::string list_of_parts;
        for (int number = 1;; ++number) {
            HttpCall request;
            request.body.resize(static_cast<size_t>(options_.part_bytes));
            size_t filled = 0;
            ssize_t got = 0;
            while (filled < request.body.size() && (got = read(source, request.body.data() + filled, request.body.size() - filled)) > 0)
                filled += static_cast<size_t>(got);
            if (got < 0) return io_error("cannot read what becomes " + key);
            request.body.resize(filled);
            if (filled == 0) break;
            HttpAnswer part = TRY(call("PUT", key, {{"partNumber", std::to_string(number)}, {"uploadId", id}}, {}, std::move(request)));
            if (!part.ok()) return refused("take a part of " + key, part);
            list_of_parts += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>" + part.header("etag") + "</ETag></Part>";
        }
        HttpCall request;
        request.body = "<CompleteMultipartUpload>" + list_of_parts + "</CompleteMultipartUpload>";
        HttpAnswer answer = TRY(call("POST", key, {{"uploadId", id}}, {}, std::move(request)));
        if (!answer.ok() || answer.body.find("<Error>") != std::string::npos) return refused("complete " + key, answer);
        return Unit{};
    }

    Status copy(const std::string& from, const std::string& to) {
        HttpAnswer answer = TRY(call("PUT", to, {}, {{"x-amz-copy-source", percent_encode("/" + options_.bucket + "/" + from, true)}}));
        if (!answer.ok() || answer.body.find("<Error>") != std::string::npos) return refused("publish " + to, answer);
        return Unit{};
    }

    // The fence under which an object was staged; -1: it is not there.
    Result<int64_t> fence_of(const std::string& key) {
        HttpAnswer answer = TRY(call("HEAD", key, {}));
        if (answer.status == 404) return int64_t{-1};
        if (!answer.ok()) return refused("show " + key, answer);
        std::string text = answer.header(kFenceHeader);
        int64_t fence = 0;
        std::from_chars(text.data(), text.data() + text.size(), fence);
        return fence;
    }

    Status remove_object(const std::string& key) {
        HttpAnswer answer = TRY(call("DELETE", key, {}));
        if (!answer.ok() && answer.status != 404) return refused("remove " + key, answer);
        return Unit{};
    }

    Status remove_all(const std::string& prefix) {
        for (const std::string& key : TRY(list(prefix))) TRY(remove_object(key));
        return Unit{};
    }

    Result<std::vector<std::string>> list(const std::string& prefix) {
        std::vector<std::string> keys;
        std::string token;
        do {
            NameValues query{{"list-type", "2"}, {"prefix", prefix}};
            if (!token.empty()) query.emplace_back("continuation-token", token);
            HttpAnswer answer = TRY(call("GET", "", query));
            if (!answer.ok()) return refused("list " + prefix, answer);
            for (std::string& key : xml_values(answer.body, "Key")) keys.push_back(std::move(key));
            token = first_of(xml_values(answer.body, "NextContinuationToken"));
        } while (!token.empty());
        return keys;
    }

    Status sweep_uploads() {
        HttpAnswer answer = TRY(call("GET", "", {{"uploads", ""}, {"prefix", options_.prefix}}));
        if (!answer.ok()) return refused("list unfinished uploads", answer);
        for (const std::string& upload : xml_values(answer.body, "Upload")) {
            auto begun_ms = parse_time(first_of(xml_values(upload, "Initiated")));
            if (!begun_ms || *begun_ms > options_.clock() - kUploadKept_ms) continue;
            TRY(call("DELETE", first_of(xml_values(upload, "Key")), {{"uploadId", first_of(xml_values(upload, "UploadId"))}}));
        }
        return Unit{};
    }

    // A bucket whose objects anyone can read gives other people's programs away: it is asked without a signature.
    Status check_private() {
        std::lock_guard hold(privacy_mutex_);
        if (privacy_asked_ms_ != 0 && steady_ms() - privacy_asked_ms_ < kPrivacyLooked_ms) return Unit{};
        std::string key = options_.prefix + "simulations/probe-" + random_hex(8);
        HttpCall probe;
        probe.body = "x";
        HttpAnswer stored = TRY(call("PUT", key, {}, {}, std::move(probe)));
        if (!stored.ok()) return refused("take an object", stored);
        std::string base = inside_.base + "/" + options_.bucket;
        auto object = client_.send({"GET", base + "/" + key, {}});
        auto listing = client_.send({"GET", base + "?list-type=2&max-keys=1", {}});
        TRY(remove_object(key));
        if (!object.ok()) return object.error();
        if (!listing.ok()) return listing.error();
        if (object->ok() || listing->ok())
            return make_error(ErrorCode::kIo, "the bucket " + options_.bucket + " is public; make it private");
        privacy_asked_ms_ = steady_ms();
        return Unit{};
    }

    S3Options options_;
    SigV4Keys keys_;
    Endpoint inside_, outside_;
    HttpClient client_;
    std::mutex privacy_mutex_;
    int64_t privacy_asked_ms_ = 0;
};

}  // namespace

Result<std::unique_ptr<ArtefactStore>> open_s3_store(const S3Options& options) {
    Endpoint inside = TRY(parse_endpoint(options.endpoint));
    Endpoint outside = TRY(parse_endpoint(options.public_endpoint.empty() ? options.endpoint : options.public_endpoint));
    return std::unique_ptr<ArtefactStore>(std::make_unique<S3Store>(options, std::move(inside), std::move(outside)));
}

}  // namespace proveout
