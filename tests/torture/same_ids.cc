// Preloaded: srand() does nothing, so that libzmq's automatic routing ids are the same in every run
// and a test can claim the next one. Shows why the router seeds them.
extern "C" __attribute__((visibility("default"))) void srand(unsigned /*seed*/) {}
