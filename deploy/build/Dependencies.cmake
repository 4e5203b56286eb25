# Third parties as deps::NAME targets. On Debian: packages, and LibTorch and Arrow from the wheels in .deps/venv.
# With an active conda prefix that holds libtorch, everything comes from there.

set(DRIFTSERVE_PYTHON_SITE ${PROJECT_SOURCE_DIR}/.deps/venv/lib/python3.11/site-packages
    CACHE PATH "site-packages with the torch and pyarrow wheels")

if(DEFINED ENV{CONDA_PREFIX} AND EXISTS $ENV{CONDA_PREFIX}/lib/libtorch_cpu.so)
  set(conda $ENV{CONDA_PREFIX})
  message(STATUS "Dependencies from the conda prefix ${conda}")
  list(PREPEND CMAKE_PREFIX_PATH ${conda})
  # Its Protobuf needs Abseil, which the package's own configuration knows and CMake's module does not.
  set(CMAKE_FIND_PACKAGE_PREFER_CONFIG ON)
  # Headers without a package configuration, such as Boost's.
  include_directories(SYSTEM ${conda}/include)
  # A package that the prefix lacks is an error, not one of the system's.
  set(ENV{PKG_CONFIG_LIBDIR} ${conda}/lib/pkgconfig:${conda}/share/pkgconfig)
  set(torch_include ${conda}/include)
  set(torch_lib ${conda}/lib)
  set(arrow_include ${conda}/include)
  set(arrow_lib ${conda}/lib)
  set(cuda_lib ${conda}/lib)
else()
  set(torch_include ${DRIFTSERVE_PYTHON_SITE}/torch/include)
  set(torch_lib ${DRIFTSERVE_PYTHON_SITE}/torch/lib)
  set(arrow_include ${DRIFTSERVE_PYTHON_SITE}/pyarrow/include)
  set(arrow_lib ${DRIFTSERVE_PYTHON_SITE}/pyarrow)
  set(cuda_lib ${DRIFTSERVE_PYTHON_SITE}/nvidia/cu13/lib)
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(GTest REQUIRED)

# shared_library(TARGET FOLDER PATTERN): an imported target for the one file that matches.
function(driftserve_shared_library target folder pattern)
  file(GLOB found ${folder}/${pattern})
  list(SORT found)
  list(LENGTH found count)
  if(count EQUAL 0)
    message(FATAL_ERROR "${folder}/${pattern} is missing: run `make setup`, or activate the conda environment")
  endif()
  list(GET found 0 file)
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${file})
endfunction()

function(driftserve_pkg name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  add_library(deps::${name} ALIAS PkgConfig::${name})
endfunction()

# Needed by the pure folders too.
add_library(boost_math INTERFACE)
add_library(deps::boost_math ALIAS boost_math)
driftserve_pkg(xxhash libxxhash)
driftserve_pkg(yaml yaml-cpp)
driftserve_pkg(rdkafka rdkafka)
find_package(absl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED)
if(conda)
  find_package(httplib CONFIG REQUIRED)
  add_library(deps::httplib ALIAS httplib::httplib)
else()
  driftserve_pkg(httplib cpp-httplib)
endif()
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)

add_library(deps::protobuf ALIAS protobuf::libprotobuf)
add_library(deps::spdlog ALIAS spdlog::spdlog)
add_library(deps::prometheus ALIAS prometheus-cpp::core)
add_library(deps::json ALIAS nlohmann_json::nlohmann_json)
add_library(deps::cli ALIAS CLI11::CLI11)
add_library(status INTERFACE)
target_link_libraries(status INTERFACE absl::status absl::statusor absl::strings absl::span)
add_library(deps::status ALIAS status)

if(NOT DRIFTSERVE_PURE)
  find_package(gRPC REQUIRED)
  add_library(grpc_all INTERFACE)
  target_link_libraries(grpc_all INTERFACE gRPC::grpc++ gRPC::grpc++_reflection)
  add_library(deps::grpc ALIAS grpc_all)

  # find_package(Torch) stops without a CUDA toolkit; two libraries and two include folders are all it takes.
  # -idirafter: torch's own fmt must not shadow the one that spdlog was built with.
  driftserve_shared_library(torch_cpu ${torch_lib} libtorch_cpu.so)
  driftserve_shared_library(torch_c10 ${torch_lib} libc10.so)
  add_library(torch INTERFACE)
  target_compile_options(torch INTERFACE
    "SHELL:-idirafter ${torch_include}" "SHELL:-idirafter ${torch_include}/torch/csrc/api/include" -Wno-deprecated-declarations)
  target_link_libraries(torch INTERFACE torch_cpu torch_c10)
  # Run paths are CMake's: of this build while it lies here, relative to the programs once installed.
  target_link_options(torch INTERFACE -Wl,-rpath-link,${cuda_lib} -Wl,-rpath-link,${torch_lib})
  add_library(deps::torch ALIAS torch)

  # LibTorch's own library for CUDA, for what is opened at run time alone. The wheel has it; a build for CPU has not.
  find_path(cuda_include cuda_runtime_api.h PATHS ${cuda_lib}/../include ${cuda_lib}/../targets/x86_64-linux/include
    NO_DEFAULT_PATH)
  if(EXISTS ${torch_lib}/libtorch_cuda.so AND cuda_include)
    driftserve_shared_library(torch_cuda_library ${torch_lib} libtorch_cuda.so)
    driftserve_shared_library(torch_c10_cuda ${torch_lib} libc10_cuda.so)
    add_library(torch_cuda INTERFACE)
    target_compile_options(torch_cuda INTERFACE "SHELL:-idirafter ${cuda_include}")
    target_link_libraries(torch_cuda INTERFACE torch torch_cuda_library torch_c10_cuda)
    # Its own dependencies are there where there is a GPU.
    target_link_options(torch_cuda INTERFACE -Wl,--allow-shlib-undefined)
    add_library(deps::torch_cuda ALIAS torch_cuda)
  endif()
endif()

driftserve_shared_library(arrow_core ${arrow_lib} libarrow.so*)
driftserve_shared_library(arrow_parquet ${arrow_lib} libparquet.so*)
add_library(arrow INTERFACE)
target_compile_options(arrow INTERFACE "SHELL:-isystem ${arrow_include}")
target_link_libraries(arrow INTERFACE arrow_parquet arrow_core)
target_link_options(arrow INTERFACE -Wl,-rpath-link,${arrow_lib})
add_library(deps::arrow ALIAS arrow)
