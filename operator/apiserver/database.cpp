#include "operator/apiserver/database.h"

#include <sqlite3.h>

namespace penstock::apiserver {

namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Connection = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Error failed(sqlite3* database, const std::string& what) {
  const int code = sqlite3_errcode(database) & 0xff;
  const bool corrupt = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  const bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  std::string message = what + ": " + sqlite3_errmsg(database);
  if (busy) message += "; another process uses this data directory: stop it or choose another one";
  if (code == SQLITE_FULL || code == SQLITE_IOERR) message += "; is the disk full or not writable?";
  return {corrupt ? Code::kCorrupt : Code::kUnavailable, message};
}

Status execute(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return ok();
  return failed(database, "object store");
}

Result<Statement> prepare(sqlite3* database, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK) {
    return failed(database, "object store");
  }
  return Statement(statement);
}

void bind(sqlite3_stmt* statement, int index, const std::string& text) {
  sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

std::string column(sqlite3_stmt* statement, int index) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement, index))};
}

// Runs a statement that yields no rows, and makes it ready for the next time.
bool run(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  sqlite3_reset(statement);
  return code == SQLITE_DONE;
}

constexpr const char* kSchema =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    "CREATE TABLE IF NOT EXISTS objects (kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT "
    "NOT NULL,"
    " json TEXT NOT NULL, PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT "
    "NULL);"
    "INSERT OR IGNORE INTO state VALUES (1, 1);";

}  // namespace

struct Database::Handles {
  Connection connection;
  Statement begin, commit, rollback, upsert, erase, count;
};

Database::Database(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  auto handles = std::make_unique<Handles>();
  handles->connection.reset(raw);
  if (code != SQLITE_OK) return failed(raw, "cannot open object store " + path);
  if (const Status made = execute(raw, kSchema); !made) return made.error().within(path);
  TRY_ASSIGN(handles->begin, prepare(raw, "BEGIN IMMEDIATE"));
  TRY_ASSIGN(handles->commit, prepare(raw, "COMMIT"));
  TRY_ASSIGN(handles->rollback, prepare(raw, "ROLLBACK"));
  TRY_ASSIGN(handles->upsert,
             prepare(raw, "INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3, ?4)"));
  TRY_ASSIGN(handles->erase,
             prepare(raw, "DELETE FROM objects WHERE kind = ?1 AND namespace = ?2 AND name = ?3"));
  TRY_ASSIGN(handles->count, prepare(raw, "UPDATE state SET revision = ?1"));
  return Database(std::move(handles));
}

Result<std::vector<StoredRow>> Database::load() {
  sqlite3* database = handles_->connection.get();
  TRY_ASSIGN(const Statement select,
             prepare(database, "SELECT kind, namespace, name, json FROM objects"));
  std::vector<StoredRow> rows;
  int code = SQLITE_DONE;
  while ((code = sqlite3_step(select.get())) == SQLITE_ROW) {
    rows.push_back({column(select.get(), 0), column(select.get(), 1), column(select.get(), 2),
                    column(select.get(), 3)});
  }
  if (code != SQLITE_DONE) return failed(database, "cannot read the object store");
  return rows;
}

Result<std::uint64_t> Database::revision() {
  sqlite3* database = handles_->connection.get();
  TRY_ASSIGN(const Statement select, prepare(database, "SELECT revision FROM state"));
  if (sqlite3_step(select.get()) != SQLITE_ROW)
    return failed(database, "cannot read the object store");
  return static_cast<std::uint64_t>(sqlite3_column_int64(select.get(), 0));
}

Status Database::write(const StoredRow& row, bool deleted, std::uint64_t revision) {
  sqlite3_stmt* statement = deleted ? handles_->erase.get() : handles_->upsert.get();
  bind(statement, 1, row.kind);
  bind(statement, 2, row.name_space);
  bind(statement, 3, row.name);
  if (!deleted) bind(statement, 4, row.json);
  sqlite3_bind_int64(handles_->count.get(), 1, static_cast<sqlite3_int64>(revision));
  if (run(handles_->begin.get()) && run(statement) && run(handles_->count.get()) &&
      run(handles_->commit.get())) {
    return ok();
  }
  const Error error = failed(handles_->connection.get(), "cannot write to the object store");
  if (sqlite3_get_autocommit(handles_->connection.get()) == 0) run(handles_->rollback.get());
  return error;
}

}  // namespace penstock::apiserver
