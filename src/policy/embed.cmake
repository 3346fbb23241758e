# Writes the schema and the built-in policies into a C++ file, as raw strings.
function(read_literal out file)
  file(READ ${file} text)
  set(${out} "R\"~~~~(${text})~~~~\"" PARENT_SCOPE)
endfunction()

read_literal(schema ${SCHEMA})
set(table "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  read_literal(text ${file})
  string(APPEND table "    {\"${name}\", ${text}},\n")
endforeach()
file(WRITE ${OUT} "#include \"policy/load.h\"

namespace narrowgate::policy {

std::string_view schema_text() { return ${schema}; }

const std::vector<Source>& default_sources() {
  static const std::vector<Source> sources = {
${table}  };
  return sources;
}

}  // namespace narrowgate::policy
")
