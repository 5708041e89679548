# docs/completions/nncpp.bash -- completion for bash.
#
# The options of the model and the profiles come from the program itself.

_nncpp() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local program=${COMP_WORDS[0]} verb="" part options
  for part in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $part in
      c | compress | d | decompress | t | test | l | list | info | prep | help | \
        split | join)
        verb=$part
        break
        ;;
    esac
  done
  COMPREPLY=()
  case $before in
    --profile)
      options=$("$program" help 2> /dev/null |
        sed -n 's/^ \{28\}\([^ ]\)/\1/p')
      mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
      return
      ;;
    --device)
      mapfile -t COMPREPLY < <(compgen -W 'auto cpu cuda' -- "$word")
      return
      ;;
    --parts | --part-size | --only) return ;;
    -T | --threads | -M | --memory-limit | --max-output | --checkpoint-every)
      return
      ;;
    --dictionary-words | --min-frequency) return ;;
    prep)
      mapfile -t COMPREPLY < <(compgen -W 'train encode decode' -- "$word")
      return
      ;;
    --checkpoint | --dictionary | --prime)
      compopt -o filenames 2> /dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
  esac
  if [[ $word == -* ]]; then
    options='--force --quiet --verbose --threads --device --no-progress
      --help --help-all --version'
    case $verb in
      c | compress | d | decompress)
        options+=' --checkpoint --checkpoint-every --resume'
        ;;
    esac
    case $verb in
      d | decompress) options+=' --salvage --only' ;;
      c | compress) options+=' --parts --part-size --independent --one-part' ;;
      split) options+=' --parts --part-size' ;;
    esac
    case $verb in
      d | decompress | t | test) options+=' --max-output --prime' ;;
    esac
    case $verb in
      c | compress | d | decompress | t | test) options+=' --memory-limit' ;;
    esac
    case $verb in
      t | test | l | list | info) options+=' --json' ;;
      prep)
        options+=' --dictionary --dictionary-words --min-frequency'
        ;;
      c | compress)
        options+=" --profile --self-check --no-self-check --prep --no-prep --no-primer
          --symbols --prime --dictionary --dictionary-words --min-frequency $(
          "$program" help all 2> /dev/null |
            sed -n 's/^      \(--[a-z0-9-]*\) N$/\1/p')"
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ -z $verb ]]; then
    mapfile -t COMPREPLY < <(compgen -W \
      'compress decompress test list info prep split join help' -- "$word")
  elif [[ $verb == help ]]; then
    mapfile -t COMPREPLY < <(compgen -W all -- "$word")
  else
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -F _nncpp nncpp
