# Writes OUT, a C++ file with the bytes of FILES, found by their name ("/" for index.html).
set(types_html "text/html; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_svg "image/svg+xml")
set(text "// Made by web/embed.cmake.\n#include \"api/web_assets.h\"\n\nnamespace proveout {\n\nnamespace {\n\n")
set(table "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  get_filename_component(extension ${file} LAST_EXT)
  string(REPLACE "." "" extension ${extension})
  string(MAKE_C_IDENTIFIER ${name} id)
  file(READ ${file} hex HEX)
  file(SHA256 ${file} digest)
  string(SUBSTRING ${digest} 0 16 tag)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "const unsigned char k_${id}[] = {${bytes}};\n")
  set(path "/${name}")
  if(name STREQUAL "index.html")
    set(path "/")
  endif()
  string(APPEND table
    "    {\"${path}\", {reinterpret_cast<const char*>(k_${id}), sizeof k_${id}}, \"${types_${extension}}\", \"\\\"${tag}\\\"\"},\n")
endforeach()
string(APPEND text
  "\n}  // namespace\n\n"
  "const WebAsset* find_web_asset(std::string_view path) {\n"
  "    static const WebAsset kAssets[] = {\n${table}    };\n"
  "    for (const WebAsset& asset : kAssets)\n"
  "        if (asset.path == path) return &asset;\n"
  "    return nullptr;\n}\n\n}  // namespace proveout\n")
file(WRITE ${OUT} "${text}")
