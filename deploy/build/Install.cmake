# `make install PREFIX=dir`: both programs, every shared library they load but the C library's own, and what users point
# other programs at (descriptor set, JSON schemas, dashboards, rules). The folder may be moved: run paths are relative to
# the programs.
#   bin/driftserve bin/drift      lib/*.so      share/driftserve/

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
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/driftserve COMPONENT driftserve)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/proto DESTINATION share/driftserve COMPONENT driftserve
    FILES_MATCHING PATTERN "*.proto")
  install(FILES ${PROJECT_SOURCE_DIR}/drift/report/report.schema.json
    ${PROJECT_SOURCE_DIR}/drift/report/evidently.schema.json DESTINATION share/driftserve COMPONENT driftserve)
  foreach(folder grafana prometheus runbooks)
    if(EXISTS ${PROJECT_SOURCE_DIR}/deploy/${folder})
      install(DIRECTORY ${PROJECT_SOURCE_DIR}/deploy/${folder} DESTINATION share/driftserve COMPONENT driftserve
        PATTERN __pycache__ EXCLUDE)
    endif()
  endforeach()
endif()
