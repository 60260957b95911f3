import Foundation
import TestKit

extension Shop {
    /// The names of the mails that were delivered.
    func mailFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: daemon.mailDirectory + "/new").sorted()
    }

    func mailTexts() throws -> [String] {
        try mailFiles().map { try String(contentsOfFile: daemon.mailDirectory + "/new/" + $0, encoding: .utf8) }
    }

    /// The names of what was begun and not finished.
    func unfinishedMailFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: daemon.mailDirectory + "/tmp").sorted()
    }
}
