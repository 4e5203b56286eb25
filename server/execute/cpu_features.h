#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace driftserve {

/// The words of `required` that this machine's CPU lacks, in their order. Words are those that AOTInductor stamps into
/// a package: AVX2, AVX512, AVX512_VNNI, AVX512_BF16, AMX_TILE, AMX_FP16; NONE asks for nothing. A word that is not
/// known here counts as lacking.
std::vector<std::string> MissingCpuFeatures(std::string_view required);

}  // namespace driftserve
