#include "engine/devices.h"

#include <dlfcn.h>

#include <charconv>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include "error.h"

namespace gpa {
namespace {

constexpr const char* kLibrary = "libgpa_cuda.so";
constexpr std::string_view kCuda = "cuda";

std::mutex named_mutex;
std::string named_library;

// The file that GPA_CUDA_LIBRARY names, or set_cuda_library() did, else the one beside this library.
std::string library_path() {
  if (const char* named = std::getenv("GPA_CUDA_LIBRARY"); named && *named) return named;
  std::lock_guard lock(named_mutex);
  if (!named_library.empty()) return named_library;
  Dl_info self;
  if (!dladdr(reinterpret_cast<const void*>(&device_names), &self) || !self.dli_fname) return kLibrary;
  const std::string path = self.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? kLibrary : path.substr(0, slash + 1) + kLibrary;
}

// Loaded once and for good: its threads and its driver do not bear to be unloaded.
struct CudaLibrary {
  const DeviceLibrary* library = nullptr;
  std::string missing;  // why it is null

  CudaLibrary() {
    const std::string path = library_path();
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle) {
      missing = "its library cannot be loaded: " + std::string(dlerror());
      return;
    }
    const auto* found = static_cast<const DeviceLibrary*>(dlsym(handle, "gpa_device_library"));
    if (!found || found->abi != kDeviceAbi) {
      missing = path + " is of another version";
      return;
    }
    library = found;
  }
};

const CudaLibrary& cuda() {
  static const CudaLibrary loaded;
  return loaded;
}

std::vector<std::string> find_names() {
  std::vector<std::string> names;
  const int count = cuda().library ? cuda().library->count() : 0;
  for (int i = 0; i < count; ++i) names.push_back(std::string(kCuda) + ":" + std::to_string(i));
  names.emplace_back("cpu");
  return names;
}

// N of "cuda:N", 0 of "cuda", else -1.
int cuda_index(std::string_view name) {
  if (name == kCuda) return 0;
  if (name.size() <= kCuda.size() + 1 || name.substr(0, kCuda.size()) != kCuda || name[kCuda.size()] != ':') return -1;
  int index = -1;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + kCuda.size() + 1, end, index);
  return error == std::errc() && stop == end ? index : -1;
}

}  // namespace

void set_cuda_library(const std::string& path) {
  std::lock_guard lock(named_mutex);
  named_library = path;
}

const std::vector<std::string>& device_names() {
  static const std::vector<std::string> names = find_names();
  return names;
}

std::shared_ptr<Device> open_device(const char* name) {
  const std::string_view wanted = name && std::string_view(name) != "auto" ? name : std::string_view(device_names().front());
  if (wanted == "cpu") return nullptr;
  const int index = cuda_index(wanted);
  if (index < 0) fail(GPA_ERROR_DEVICE, "device '%.60s' is unknown; there are 'cpu' and 'cuda:N'", std::string(wanted).c_str());
  if (!cuda().library) fail(GPA_ERROR_DEVICE, "device '%.60s' is not there: %s", std::string(wanted).c_str(), cuda().missing.c_str());
  return cuda().library->open(index);
}

}  // namespace gpa
