import Foundation
import Testing

@Suite struct DocumentationTests {
    /// The guide shows the module that is compiled and tested here, to the letter.
    @Test func `the guide to writing a module shows the example as it compiles`() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = here.deletingLastPathComponent().deletingLastPathComponent()
        let guide = try String(contentsOf: root.appending(path: "docs/writing-a-module.md"), encoding: .utf8)
        let example = try String(contentsOf: here.appending(path: "ExampleModule.swift"), encoding: .utf8)
        #expect(guide.contains("```swift\n\(example)```"))
    }
}
