# `make install PREFIX=dir`: both programs, every shared library they load but the C library's own, and what users point
# other programs at (descriptor set, JSON schemas, dashboards, rules), and the drift library for programs of their own.
# The folder may be moved: run paths are relative to the programs.
#   component driftserve          bin/driftserve bin/drift      lib/*.so      share/driftserve/
#   component cuda                lib/libdriftserve_cuda.so, for CUDA graphs and shared memory
#   component development         include/drift/*.h      lib/libdrift.a      lib/cmake/driftserve/

set(programs)
foreach(target driftserve drift_program)
  if(TARGET ${target})
    # An old-style run path holds for libraries of libraries too; Debian's have none of their own.
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
    target_link_options(${target} PRIVATE -Wl,--disable-new-dtags)
    list(APPEND programs ${target})
  endif()
endforeach()

if(programs AND NOT DRIFTSERVE_SANITIZE)
  install(TARGETS ${programs} RUNTIME_DEPENDENCY_SET libraries RUNTIME DESTINATION bin COMPONENT driftserve)
  install(RUNTIME_DEPENDENCY_SET libraries
    PRE_EXCLUDE_REGEXES "^(ld-linux.*|libc|libm|libdl|librt|libutil|libpthread|libresolv)\\.so"
    DIRECTORIES ${torch_lib} ${cuda_lib} ${arrow_lib} ${cuda_lib}/../../cuda_cupti/lib
    DESTINATION lib COMPONENT driftserve)
  install(TARGETS torch_name LIBRARY DESTINATION lib COMPONENT driftserve)
  # Of use beside LibTorch's own library for CUDA only, which is not installed.
  if(TARGET cuda_graph)
    install(TARGETS cuda_graph LIBRARY DESTINATION lib COMPONENT cuda)
  endif()
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/driftserve COMPONENT driftserve)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/proto DESTINATION share/driftserve COMPONENT driftserve
    FILES_MATCHING PATTERN "*.proto")
  install(FILES ${PROJECT_SOURCE_DIR}/drift/report/report.schema.json
    ${PROJECT_SOURCE_DIR}/drift/report/evidently.schema.json DESTINATION share/driftserve COMPONENT driftserve)
  foreach(folder alertmanager grafana prometheus runbooks)
    if(EXISTS ${PROJECT_SOURCE_DIR}/deploy/${folder})
      install(DIRECTORY ${PROJECT_SOURCE_DIR}/deploy/${folder} DESTINATION share/driftserve COMPONENT driftserve
        PATTERN __pycache__ EXCLUDE)
    endif()
  endforeach()

  # The messages of the topic in one file, as consumers without generated code read them.
  set(descriptor_set ${PROJECT_BINARY_DIR}/driftserve.desc)
  file(GLOB messages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/proto/driftserve/v1/*.proto)
  add_custom_command(OUTPUT ${descriptor_set}
    COMMAND protobuf::protoc -I${PROJECT_SOURCE_DIR}/proto --include_imports --descriptor_set_out=${descriptor_set}
      ${messages}
    DEPENDS ${messages} VERBATIM)
  add_custom_target(descriptor_set ALL DEPENDS ${descriptor_set})
  add_dependencies(drift_program descriptor_set)
  install(FILES ${descriptor_set} DESTINATION share/driftserve COMPONENT driftserve)

  include(CMakePackageConfigHelpers)
  set(proto_folder share/driftserve/proto)
  set(descriptor_file share/driftserve/driftserve.desc)
  set(package_folder lib/cmake/driftserve)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/deploy/build/driftserveConfig.cmake.in
    ${PROJECT_BINARY_DIR}/driftserveConfig.cmake INSTALL_DESTINATION ${package_folder}
    PATH_VARS proto_folder descriptor_file)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/driftserveConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/drift/*.h)
  install(FILES ${headers} DESTINATION include/drift COMPONENT development)
  install(TARGETS drift ARCHIVE DESTINATION lib COMPONENT development)
  install(FILES ${PROJECT_BINARY_DIR}/driftserveConfig.cmake ${PROJECT_BINARY_DIR}/driftserveConfigVersion.cmake
    DESTINATION ${package_folder} COMPONENT development)
endif()
