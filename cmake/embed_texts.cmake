# cmake -DOUT=file.cpp -DDIR=folder -P embed_texts.cmake: the *.md files of DIR as the table of cli/help_texts.h.
file(GLOB files RELATIVE ${DIR} ${DIR}/*.md)
list(SORT files)
set(rows "")
foreach(file IN LISTS files)
  file(READ ${DIR}/${file} text)
  get_filename_component(name ${file} NAME_WLE)
  string(APPEND rows "    {\"${name}\", R\"LABTEXT(${text})LABTEXT\"},\n")
endforeach()
file(WRITE ${OUT} "// Made from ${DIR} by cmake/embed_texts.cmake.
#include \"cli/help_texts.h\"

namespace lab::cli {
namespace {
constexpr HelpText kTexts[] = {
${rows}};
} // namespace

std::span<const HelpText> help_texts() { return kTexts; }

} // namespace lab::cli
")
