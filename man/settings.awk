# Turns the comments of ordershopd.yaml into the list of settings of its man page, so that both say the same.
# A setting is a paragraph of comments that ends with `#key: default`; a section is a line `name:` without a comment.

function said(line) { gsub(/\\/, "\\e", line); return line ~ /^[.']/ ? "\\&" line : line }

function flush_item(key, fallback) {
    printf ".It Li %s", key
    if (fallback != "" && fallback != "\"\"") printf " No (%s)", fallback
    printf "\n%s", text
    text = ""
}

# The paragraph on top is about the file.
!seen && /^$/ { seen = 1; text = ""; next }
!seen { next }
/^$/ { next }
/^[^ #]/ || /^  [^ #]/ {
    match($0, /^ */); depth = RLENGTH / 2
    name = $0; gsub(/[ :]/, "", name)
    section[depth] = name
    next
}
/^ *#[a-z_]+:( |$)/ {
    match($0, /^ */); depth = RLENGTH / 2
    line = $0; sub(/^ *#/, "", line)
    key = line; sub(/:.*/, "", key)
    fallback = line; sub(/^[^:]*: */, "", fallback)
    path = ""
    for (level = 0; level < depth; level++) path = path section[level] "."
    flush_item(path key, fallback)
    next
}
{
    line = $0; sub(/^ *# ?/, "", line)
    text = text said(line) "\n"
}
