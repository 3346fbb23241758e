# How every file of ours is compiled: language, warnings, sanitizers, linker, compiler cache.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
add_compile_options(-fPIE)   # by hand, so that libraries and programs can share one precompiled header
add_link_options(-pie)

set(NG_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
option(NG_FUZZ "Build libFuzzer targets (clang)" OFF)
option(NG_COVERAGE "Instrument for line coverage" OFF)
set(NG_DEBUG_LEVEL "1" CACHE STRING "Debug information: 1 is enough for back traces and links faster")

set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g${NG_DEBUG_LEVEL}")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")   # NG_CHECK stays on in every build type.

find_program(NG_CCACHE ccache)
if(NG_CCACHE)
  # A precompiled header is only cached when ccache may ignore its time stamps and defines.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${NG_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

find_program(NG_MOLD mold)
if(NG_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(ng_flags INTERFACE)
target_compile_options(ng_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror=return-type
  -Werror=unused-result -fno-omit-frame-pointer -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ng_flags INTERFACE -fpch-preprocess)
else()
  target_compile_options(ng_flags INTERFACE -Xclang -fno-pch-timestamp)
endif()
if(NG_SANITIZE)
  add_compile_options(-fsanitize=${NG_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${NG_SANITIZE})
  add_compile_definitions(NG_SANITIZED=1)
endif()
if(NG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(NG_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
