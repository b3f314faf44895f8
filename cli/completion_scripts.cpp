// The scripts are short on purpose: every answer comes from `lab __complete`, so that no shell knows the
// table by itself. A last line ":files" or ":directories" asks the shell for paths.
#include "cli/completion.h"

namespace lab::cli {
namespace {

// bash splits words at COMP_WORDBREAKS ('=' and ':' among them), so `--label=a=b` arrives in pieces: they are
// joined again where nothing stands between them, and what bash has already taken is cut off each answer.
constexpr std::string_view kBash =
    R"script(# bash completion for lab; load with: source <(lab completion bash)
_lab() {
    local line=${COMP_LINE:0:COMP_POINT} words=() current='' i word
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i > 1)) && [[ ($word == [=:]* || ${COMP_WORDS[i-1]} == *[=:]) && $line == *"${COMP_WORDS[i-1]}$word"* ]]; then
            current+=$word
        else
            ((i > 1)) && words+=("$current")
            current=$word
        fi
    done
    words+=("$current")
    local typed=${COMP_WORDS[COMP_CWORD]} cut=''
    [[ $typed == [=:] ]] && typed=''
    [[ $typed != "$current" ]] && cut=${current%"$typed"}
    COMPREPLY=()
    local answer paths=''
    while IFS=$'\t' read -r answer _; do
        case $answer in
        :files) paths=-f ;;
        :directories) paths=-d ;;
        *) COMPREPLY+=("${answer#"$cut"}") ;;
        esac
    done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete -- "${words[@]}" 2>/dev/null)
    if [[ $paths ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen $paths -- "$typed")
    elif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _lab lab
)script";

constexpr std::string_view kZsh = R"script(#compdef lab
# zsh completion for lab; load with: source <(lab completion zsh)
_lab() {
    local -a answers texts shown
    local answer text paths=''
    answers=("${(@f)$(${(Q)words[1]} __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for answer in $answers; do
        text=${answer%%$'\t'*}
        case $text in
        :files) paths=files ;;
        :directories) paths=directories ;;
        ?*)
            texts+=("$text")
            if [[ $answer == *$'\t'?* ]]; then shown+=("$text  -- ${answer#*$'\t'}"); else shown+=("$text"); fi
            ;;
        esac
    done
    if (( $#texts == 1 )) && [[ $texts[1] == */ ]]; then
        compadd -S '' -a texts
    elif (( $#texts )); then
        compadd -l -d shown -a texts
    fi
    if [[ $paths ]]; then
        [[ ${words[CURRENT]} == --*=* ]] && compset -P '*='
        if [[ $paths == files ]]; then _files; else _files -/; fi
    fi
}
if [[ $funcstack[1] == _lab ]]; then _lab "$@"; elif (( $+functions[compdef] )); then compdef _lab lab; fi
)script";

constexpr std::string_view kFish = R"script(# fish completion for lab; load with: lab completion fish | source
function __lab_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l answers ($program __complete -- $words 2>/dev/null)
    for answer in $answers
        switch $answer
            case :files
                __fish_complete_path (commandline -ct | string replace -r '^--[^=]*=' '')
            case :directories
                __fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' '') ''
            case '*'
                echo $answer
        end
    end
end
complete -c lab -f -a '(__lab_complete)'
)script";

} // namespace

std::optional<std::string_view> completion_script(std::string_view shell) {
    if (shell == "bash") return kBash;
    if (shell == "zsh") return kZsh;
    if (shell == "fish") return kFish;
    return std::nullopt;
}

} // namespace lab::cli
