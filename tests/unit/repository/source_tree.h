#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace penstock {

struct SourceFile {
  std::string path;  // from the repository root
  std::vector<std::string> lines;
};

// Every file below `folder` whose name ends with one of `endings`.
inline std::vector<SourceFile> source_files(const std::string& folder,
                                            const std::vector<std::string>& endings) {
  namespace fs = std::filesystem;
  const fs::path root = PENSTOCK_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    const std::string name = entry.path().filename().string();
    bool wanted = false;
    for (const std::string& ending : endings) wanted |= name.ends_with(ending);
    if (!entry.is_regular_file() || !wanted) continue;
    SourceFile file{fs::relative(entry.path(), root).string(), {}};
    std::ifstream text(entry.path());
    for (std::string line; std::getline(text, line);) file.lines.push_back(line);
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace penstock
