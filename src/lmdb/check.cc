#include "lmdb/check.h"

#include <utility>

#include "journal/journal.h"
#include "lmdb/check_pages.h"
#include "lmdb/check_walk.h"
#include "lmdb/opening.h"

namespace zcrew::lmdb {

void CheckReport::problem(std::string text) {
  if (problems.size() < problems_max) problems.push_back(std::move(text));
  ++problems_found;
}

CheckReport check_journal(const std::string& directory) {
  using journal::OpenError;
  using journal::OpenFailure;
  CheckReport report;
  try {
    const OpenedFile file = open_file(directory, false);
    const Transaction snapshot(file.environment->get(), Transaction::Mode::read);
    const auto format = format_of(*file.directory, snapshot.get());
    if (!format) refuse_no_journal(directory);
    check_pages(*file.environment, report);
    const Databases databases = open_databases(snapshot.get(), *format);
    CheckWalk(snapshot.get(), databases, report).everything();
  } catch (const OpenError&) {
    throw;
  } catch (const journal::Damaged& error) {
    report.problem(error.what());
  } catch (const journal::JournalError& error) {
    throw OpenError(OpenFailure::io, error.what());
  }
  report.ok = report.problems_found == 0;
  return report;
}

}  // namespace zcrew::lmdb
