#compdef nncpp
# docs/completions/nncpp.zsh -- completion for zsh.
#
# The options of the model and the profiles come from the program itself.

_nncpp() {
  local context state line verb=${words[(r)(c|compress|d|decompress|t|test|l|list|info|prep|split|join|help)]}
  local -a options files
  options=(
    '(-f --force)'{-f,--force}'[overwrite; write to a terminal or a device]'
    '(-q --quiet)'{-q,--quiet}'[say nothing but errors]'
    '(-v --verbose)'{-v,--verbose}'[say more]'
    '(-T --threads)'{-T,--threads}'[threads; 0: one per core]:threads:'
    '--device[where to compute]:device:(auto cpu cuda)'
    '--no-progress[no progress line]'
    '(- *)'{-h,--help}'[help]'
    '(- *)--help-all[help with the model options]'
    '(- *)'{-V,--version}'[version]'
  )
  files=('*:file:_files')
  case $verb in
    d|decompress)
      options+=('--salvage[keep what comes before damage]'
        '--only[this one of several files]:name:') ;;
    c|compress|split)
      options+=('--parts[a set of so many parts]:number:'
        '--part-size[parts of so many bytes]:bytes:') ;;
  esac
  case $verb in
    d|decompress|t|test)
      options+=('--max-output[refuse a larger original]:bytes:') ;;
  esac
  case $verb in
    c|compress|d|decompress|t|test)
      options+=('(-M --memory-limit)'{-M,--memory-limit}'[refuse to need more]:bytes:'
        '--prime[a file to learn first]:file:_files') ;;
  esac
  case $verb in
    c|compress|d|decompress)
      options+=(
        '--checkpoint[write checkpoints to a file]:file:_files'
        '--checkpoint-every[how often]:90s, 10m, 2h or blocks:'
        '--resume[go on from the checkpoint]'
      ) ;;
  esac
  case $verb in
    c|compress)
      options+=(
        "--profile[a set of model options]:profile:($(
          nncpp help 2>/dev/null | sed -n 's/^ \{28\}\([^ ]\)/\1/p' |
            tr '\n' ' '))"
        '--symbols[what the input is]:symbols:(bytes u16)'
        '--independent[each part decodes alone]'
        '--one-part[end after each part]'
        '--prep[learn words of the input]'
        '--no-prep[neither words, primer, addresses nor inflated streams]'
        '--no-primer[no texts of ours first]'
        '--dictionary[the words to use]:file:_files'
        '--dictionary-words[words at most]:number:'
        '--min-frequency[how often a word must occur]:number:'
        '(--no-self-check)--self-check[decode while encoding]'
        '(--self-check)--no-self-check[do not decode while encoding]'
        ${(f)"$(nncpp help all 2>/dev/null |
          sed -n 's/^      \(--[a-z0-9-]*\) N$/\1:number:/p')"}
      ) ;;
    t|test) options+=('--json[machine-readable]') ;;
    l|list|info) options+=('--json[machine-readable]') ;;
    prep)
      options+=(
        '--dictionary[the words to use]:file:_files'
        '--dictionary-words[words at most]:number:'
        '--min-frequency[how often a word must occur]:number:'
      )
      files=('2:action:(train encode decode)' '*:file:_files') ;;
    help) files=('*:topic:(all)') ;;
  esac
  _arguments -s $options \
    '1:command:(compress decompress test list info prep split join help)' $files
}

_nncpp "$@"
