# docs/completions/nncpp.fish -- completion for fish.
#
# The options of the model and the profiles come from the program itself.

function __nncpp_model_options
    nncpp help all 2>/dev/null | sed -n 's/^      \(--[a-z0-9-]*\) N$/\1/p'
end

function __nncpp_profiles
    nncpp help 2>/dev/null | sed -n 's/^ \{28\}\([^ ]\)/\1/p'
end

set -l verbs c compress d decompress t test l list info prep split join help
set -l none "not __fish_seen_subcommand_from $verbs"
set -l compress '__fish_seen_subcommand_from c compress'
set -l files '__fish_seen_subcommand_from c compress d decompress'
set -l model '__fish_seen_subcommand_from c compress d decompress t test'
set -l reports '__fish_seen_subcommand_from t test l list info'

complete -c nncpp -n $none -f -a compress -d 'compress a file'
complete -c nncpp -n $none -f -a decompress -d 'decompress an archive'
complete -c nncpp -n $none -f -a test -d 'check an archive'
complete -c nncpp -n $none -f -a 'list info' -d 'say what is inside'
complete -c nncpp -n $none -f -a prep -d 'words as symbols, without a model'
complete -c nncpp -n '__fish_seen_subcommand_from prep' -a 'train encode decode'
complete -c nncpp -n '__fish_seen_subcommand_from prep' -l dictionary -r -d 'the words to use'
complete -c nncpp -n '__fish_seen_subcommand_from prep' -l dictionary-words -x -d 'words at most'
complete -c nncpp -n '__fish_seen_subcommand_from prep' -l min-frequency -x -d 'how often a word must occur'
complete -c nncpp -n $none -f -a 'split join' -d 'pieces, without a model'
complete -c nncpp -n $none -f -a help -d 'show help'
complete -c nncpp -n '__fish_seen_subcommand_from help' -f -a all

complete -c nncpp -s f -l force -d 'overwrite; write to a terminal'
complete -c nncpp -s q -l quiet -d 'say nothing but errors'
complete -c nncpp -s v -l verbose -d 'say more'
complete -c nncpp -s T -l threads -x -d 'threads; 0: one per core'
complete -c nncpp -l device -x -a 'auto cpu cuda' -d 'where to compute'
complete -c nncpp -l no-progress -d 'no progress line'
complete -c nncpp -s h -l help -d 'help'
complete -c nncpp -l help-all -d 'help with the model options'
complete -c nncpp -s V -l version -d version
complete -c nncpp -n $reports -l json -d 'machine-readable'
complete -c nncpp -n '__fish_seen_subcommand_from d decompress t test' -l max-output -x -d 'refuse a larger original'
complete -c nncpp -n $files -l checkpoint -r -d 'write checkpoints to a file'
complete -c nncpp -n $files -l checkpoint-every -x -d 'how often: 90s, 10m, 2h; or blocks'
complete -c nncpp -n '__fish_seen_subcommand_from d decompress' -l salvage -d 'keep what comes before damage'
complete -c nncpp -n '__fish_seen_subcommand_from d decompress' -l only -x -d 'this one of several files'
complete -c nncpp -n '__fish_seen_subcommand_from c compress split' -l parts -x -d 'a set of so many parts'
complete -c nncpp -n '__fish_seen_subcommand_from c compress split' -l part-size -x -d 'parts of so many bytes'
complete -c nncpp -n $compress -l independent -d 'each part decodes alone'
complete -c nncpp -n $compress -l one-part -d 'end after each part'
complete -c nncpp -n $files -l resume -d 'go on from the checkpoint'
complete -c nncpp -n $compress -l profile -x -a '(__nncpp_profiles)' -d 'a set of model options'
complete -c nncpp -n $compress -l symbols -x -a 'bytes u16' -d 'what the input is'
complete -c nncpp -n $compress -l prep -d 'learn words of the input'
complete -c nncpp -n $compress -l no-prep -d 'neither words, primer, addresses nor inflated streams'
complete -c nncpp -n $compress -l no-primer -d 'no texts of ours first'
complete -c nncpp -n $compress -l dictionary -r -d 'the words to use'
complete -c nncpp -n $model -s M -l memory-limit -x -d 'refuse to need more bytes'
complete -c nncpp -n $model -l prime -r -d 'a file to learn first'
complete -c nncpp -n $compress -l self-check -d 'decode while encoding'
complete -c nncpp -n $compress -l no-self-check -d 'do not decode while encoding'
complete -c nncpp -n $compress -a '(__nncpp_model_options)'
