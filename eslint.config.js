import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: ['node_modules', '.aanwezig', '.tap'] }),
  {
    // A zod schema and its inferred type share a name.
    rules: { '@typescript-eslint/no-redeclare': 'off' }
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error',
        { selector: 'TSAnyKeyword', message: 'No any: parse at the edge.' },
        { selector: 'MemberExpression[object.name="process"][property.name="env"]', message: 'Only config.ts reads the environment.' }
      ],
      complexity: ['error', 20],
      'max-params': ['error', 6]
    }
  },
  { files: ['src/config.ts'], rules: { 'no-restricted-syntax': 'off' } }
]
