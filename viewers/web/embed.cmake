# SPDX-License-Identifier: Apache-2.0
#
# cmake -DOUTPUT=FILE.cpp -DROOT=FOLDER -P embed.cmake: every file below FOLDER as an entry of assets() (assets.hpp), its
# path the one below FOLDER, its type by its ending, its ETag from its content.
set(types
    ".html|text/html"
    ".js|text/javascript"
    ".mjs|text/javascript"
    ".css|text/css"
    ".json|application/json"
    ".svg|image/svg+xml"
    ".png|image/png"
    ".ico|image/x-icon"
    ".woff2|font/woff2"
    ".webmanifest|application/manifest+json"
    ".txt|text/plain")

function(content_type_of file result)
    foreach(entry IN LISTS types)
        string(REGEX REPLACE "\\|.*" "" ending "${entry}")
        if(file MATCHES "\\${ending}$")
            string(REGEX REPLACE "^[^|]*\\|" "" type "${entry}")
            if(type MATCHES "^text/")
                string(APPEND type "; charset=utf-8")
            endif()
            set(${result} "${type}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    message(FATAL_ERROR "embed.cmake: ${file}: no content type is known for its ending; add it to the list")
endfunction()

file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/*)
list(SORT files)
set(arrays "")
set(entries "")
set(index 0)
foreach(file IN LISTS files)
    content_type_of(${file} type)
    file(SHA256 ${ROOT}/${file} hash)
    string(SUBSTRING ${hash} 0 32 hash)
    file(SIZE ${ROOT}/${file} size)
    file(READ ${ROOT}/${file} hex HEX)
    string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${hex}")
    string(APPEND arrays "constexpr char k${index}[] = \"${bytes}\";\n")
    string(APPEND entries "    {\"/${file}\", \"${type}\", \"\\\"${hash}\\\"\", {k${index}, ${size}}},\n")
    math(EXPR index "${index} + 1")
endforeach()
file(
    WRITE ${OUTPUT}
    "// Made by viewers/web/embed.cmake.\n#include \"viewers/web/assets.hpp\"\n\nnamespace tidemark::web {\nnamespace {\n${arrays}
constexpr Asset kAssets[] = {\n${entries}};\n}  // namespace\n\nstd::span<const Asset> assets() { return kAssets; }\n}  // namespace tidemark::web\n"
)
