#include <filesystem>
#include <fstream>
#include <iostream>

#include "controllers/api/crd.h"

// penstock-generate ROOT: writes the files of the repository that are made from the field lists.
int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: penstock-generate ROOT   (the root of the repository)\n";
    return 2;
  }
  const std::filesystem::path root = arguments[1];
  for (const penstock::api::GeneratedFile& file : penstock::api::generated_files()) {
    const std::filesystem::path path = root / file.path;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << file.text;
    out.close();
    if (!out) {
      std::cerr << "cannot write " << path.string() << ": check that the folder is writable\n";
      return 1;
    }
    std::cout << path.string() << "\n";
  }
  return 0;
}
