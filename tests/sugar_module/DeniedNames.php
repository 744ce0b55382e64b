<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

/**
 * Names that a package may not use on SugarCloud or on SuiteCRM.
 *
 * Whole families stand as patterns: of most of them every member is denied, and we need none. `tests/crm` compares
 * them with the lists of a real CRM.
 *
 * @link https://support.sugarcrm.com/documentation/sugar_developer/ "Module Loader Restrictions"
 */
final class DeniedNames
{
    private const FUNCTIONS = [
        // Callbacks: what they call cannot be checked.
        'array_(map|filter|reduce|walk|walk_recursive)|array_u?(diff|intersect)_u\w+',
        'array_u(diff|intersect)\w*|u[ak]?sort',
        '(call_user_func|forward_static_call)(_array)?|create_function|is_callable|iterator_apply',
        'set_(error|exception)_handler|register_(shutdown|tick)_function|spl_autoload_register',
        'preg_replace_callback\w*|header_register_callback|session_set_save_handler|libxml_set_\w+',
        'set\w+(callback|_handler)|(consumer|token|timestampnonce)handler|set_local_infile_handler|setserverparams',
        'addserver|addfunction|eio_\w+|xml_set_\w+|sqlite_?create_?\w+|readline_\w+|(ibase|sybase|ldap)_set_\w+',
        'newt_\w+|fdf_enum_values|mailparse_\w+|pcntl_\w+|getfunctionvalue|construct|consume|get(delayed)?(bykey)?',
        // Other programs, other code.
        'eval|assert|exec|system|shell_exec|passthruf?|p(open|close)|proc_\w+|escapeshell\w+',
        // Files, and settings of the server.
        'file|file_\w+|file(size|type|atime|mtime|ctime|perms|owner|group|inode)|f(open|close|read|write|eof|flush)',
        'f(gets?|getc|getcsv|getss|lock|nmatch|passthru|putcsv|puts|scanf|seek|stat|tell|truncate|link)',
        'is_(dir|file|link|readable|writable|writeable|executable|uploaded_file)|readfile|glob|open|dir|get',
        '(open|read|rewind|close|scan)dir|rewind|readlink|realpath\w*|pathinfo|parse_ini_\w+|tmpfile|tempnam|touch',
        'ch(dir|mod|grp|own|wown|root)|copy|copy_recursive|link|linkinfo|l?stat|lch\w+|mkdir\w*|rmdir\w*|umask',
        'rename|symlink|unlink|unzip\w*|move_uploaded_file|getimagesize|disk\w+|clearstatcache|set_file_buffer',
        'sugar_(file_put\w+|fopen|mkdir|rename|touch|ch\w+)|write_(array_to|encoded)_file\w*|mk_temp_dir',
        'write_array_to_\w+|create_(cache|custom)_directory|ini_set|set_time_limit|phpinfo|error_log',
        'simplexml_load_\w+',
        // Connections: SugarCloud has ExternalResourceClient for them.
        'p?fsockopen|curl_\w+|socket_\w+|stream_\w+',
        // Output: health checks refuse it outside a view's template.
        'print_r|v?printf|var_dump|var_export|debug_(print_backtrace|zval_\w+)|ob_\w+|flush',
    ];

    private const CLASSES = 'reflect\w+|lua|ziparchive|pclzip|splfile\w+|spltempfile\w+|pdo\w*|sugarautoloader'
        . '|sugarmin\w*|sugarcron\w*';

    private const METHODS = 'setlevel';

    public static function isFunction(string $name): bool
    {
        return preg_match('/^(' . implode('|', self::FUNCTIONS) . ')$/i', $name) === 1;
    }

    public static function isClass(string $name): bool
    {
        return preg_match('/^(' . self::CLASSES . ')$/i', $name) === 1;
    }

    public static function isMethod(string $name): bool
    {
        return preg_match('/^(' . self::METHODS . ')$/i', $name) === 1;
    }
}
