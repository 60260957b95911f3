import Foundation
import TestKit

extension Shop {
    /// The names of the mails that were delivered.
    func mailFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: daemon.mailDirectory + "/new").sorted()
    }

    /// The names of what was begun and not finished.
    func unfinishedMailFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: daemon.mailDirectory + "/tmp").sorted()
    }
}
